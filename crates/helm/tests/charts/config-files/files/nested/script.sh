#!/bin/sh
echo "$HOME" | sed 's/{{x}}/y/'
