"""Cases that once differed: what random templates, thousands at a time, found beyond the other cases. Each stands for a rule."""

LANGUAGE = [
    # Go's slice does not look into the interface that holds a bound; index does, and neither looks behind a pointer
    "slice .l .u64", "slice .l .null", "slice \"abc\" (index .l 0)", "index .l .u64", "slice .l 0 (index (list 1 2) 0)", "1 | slice .l 0", "slice .strings .files", "index .strings .files", "slice .strings (1 | int)",
    # %w is read as %v before it is reported; addresses under %b and %d are numbers, and no case
    'printf "%#w" "a"', 'printf "%+w" 1.5', 'printf "% #.3w" "b"', 'printf "%#w" (list 1 "a")', 'printf "%w" .m',
    # a time under verbs that do not ask for its text, with its nil pointer
    'printf "%d" .time', 'printf "%8.2x|" .time', 'printf "%t" .time', 'printf "%U" .time', 'printf "%c" .time', 'printf "%f" .time', 'printf "%-5o|" .time', 'printf "%5d" (list .time)',
    # a named integer as a width
    'printf "%*d" .time.Month 7', 'printf "%-*d|" .time.Weekday 7', 'printf "%.*f" .time.Month 1.0', 'printf "%*d" .time 7', 'printf "%*d" .u64 7',
    # fields that a template may not see
    ".time.wall", ".time.loc", ".time.Wall", ".time.wall 1",
    # the type of a function value
    "call .fn 1 2", "printf \"%T\" .fn", "len .fn", "index .fn 0", ".fn.x", "eq .fn 1", "lt .fn 1", "upper .fn",
    # letters newer than Go's tables: a known difference
    'printf "%q" "\u1c89"',
    # the methods of what a time gives
    ".time.IsDST", ".time.Weekday.String", ".time.Month.String", ".time.Location.String", ".time.In .time.Location", ".time.In nil", ".time.In 1", ".time.Month.Foo", ".time.Location.Foo",
    '(.time.Sub .time).Abs', '((.time.Sub (.time.Add 1500000000)).Abs).String', '(.time.Sub (.time.Add 1500000000)).Round 1000000000', '(.time.Sub (.time.Add 2500000000)).Truncate 1000000000', '(.time.Sub (.time.Add 2400000000)).Round 1000000000',
    '(.time.Sub .time).Round 0', '((.time.Add 7).Sub .time).Truncate 0', '((.time.Add 7).Sub .time).Round 14', '((.time.Add 7).Sub .time).Round 15', '((.time.Add 9223372036854775807).Sub .time).Round 9223372036854775806', '((.time.Add -9223372036854775808).Sub .time).Abs', '((.time.Add -9223372036854775807).Sub .time).Round 9223372036854775800',
    # a pattern is decoded as it is read, so that its first error is the first from the left
    'mustRegexFind "c**\\xc0\\x80" "b"', 'mustRegexFind "a\\xe6\\x97" "b"', 'mustRegexFind "(?^\\xff" "b"', 'mustRegexFind "(?\\xff" "b"', 'mustRegexFind "\\\\Z\\xff" "b"', 'mustRegexFind "\\\\\\xff" "b"', 'mustRegexFind "[z-a\\xff" "b"', 'mustRegexFind "[a\\xff" "b"', 'mustRegexFind "[[:fo\\xff:]]" "b"', 'mustRegexFind "(?P<n\\xff>a)" "b"', 'mustRegexFind "(?P<n\\xff" "b"', 'mustRegexFind "\\\\p{L\\xffa}b" "b"', 'mustRegexFind "\\\\p{L\\xff" "b"', 'mustRegexFind "\\\\p\\xff" "b"', 'mustRegexFind "a)\\xff" "b"', 'mustRegexFind "\\\\Qa\\xff\\\\E" "b"', 'mustRegexFind "x{2}{3}\\xff" "b"', 'regexFind "\\xff" "b"', 'regexMatch "\\xff" "\\xff"',
]
# Whole texts: variables in ranges, empty branches, ends of texts, and what breaks them.
TEXTS = [
    "{{ range $i, $e := .l }}{{ $i = 7 }}{{ $e = $i }}{{ $i }}{{ $e }}{{ end }}", "{{ $x := 1 }}{{ range $x = .l }}{{ end }}{{ $x }}", "{{ $x := 1 }}{{ $y := 2 }}{{ range $x, $y = .m }}{{ end }}{{ $x }}{{ $y }}", "{{ range $i, $e := 3 }}{{ end }}",
    "{{ with $x := .none }}{{ else with $x }}{{ else }}{{ $x }}{{ end }}", "{{ if $x := .l }}{{ else if $x }}{{ end }}{{ $x }}", "{{ range .l }}{{ with . }}{{ continue }}{{ end }}x{{ else }}y{{ end }}", "{{ range .none }}{{ else }}{{ break }}{{ end }}", "{{ range .l }}{{ range .none }}{{ else }}{{ break }}{{ end }}z{{ end }}",
    "{{ define \"a\" }}{{ break }}{{ end }}", "{{ range .l }}{{ define \"a\" }}{{ end }}{{ end }}", "{{ range .l }}{{ block \"a\" . }}{{ break }}{{ end }}{{ end }}", "{{ block \"a\" .m }}{{ $ }}{{ end }}{{ template \"a\" .l }}", "{{- /* a */ -}}", "{{/* a */}}{{- /**/ -}} x", "{{ 1 -}}\u00a0{{- 2 }}", "{{ 1 -}}\r\n\t {{- 2 }}",
    "{{ . | . }}", "{{ (.l | len).x }}", "{{ (list 1 2 | index) 0 }}", "{{ print (1) (2) | print (3) }}", "{{ (1).x }}", "{{ (.none).x.y }}", "{{ .null.x }}", "{{ $.none.x.y }}", "{{ print nil.x }}", "{{ true | not | not }}", "{{ eq 1 2 | or .l }}", "{{ \"a\" | eq \"b\" \"c\" }}",
]
SPRIG = [
    # the local zone and UTC are two, even where the clocks agree
    'eq (toDate "2006" "2020") ((toDate "2006" "2020").UTC)', 'eq (toDate "2006Z07:00" "2020Z") ((toDate "2006" "2020").UTC)', 'eq (toDate "2006-07:00" "2020+00:00") (toDate "2006" "2020")', 'deepEqual (toDate "2006" "2020") ((toDate "2006" "2020").UTC)', '(toDate "2006" "2020").Equal ((toDate "2006" "2020").UTC)', '(toDate "2006" "2020").Location',
    '(toDate "2006" "2020").IsDST', '(toDate "2006" "2020").Weekday.String', '(toDate "2006" "2020").Month.String',
    # a number that overflows is not read on
    'duration "100000000000000000000s"', 'duration "+100000000000000000000x-"', 'duration "9223372036854775807s"', 'duration "-100000000000000000000s"', 'atoi "99999999999999999999x"', 'int "99999999999999999999x"', 'toDecimal "7777777777777777777777777x"', 'int64 "0x1_0000_0000_0000_0000_"', 'int "1__0"',
    # versions are copied as nothing, wherever they are; a nil list is merged where nil is not
    'deepCopy (list (semver "1.2.3"))', 'deepCopy (dict "a" (semver "1.2.3-b") "t" (toDate "2006" "2020"))', 'mustDeepCopy (list (list (semver "1.2.3")))', 'merge (dict "b" 1) (dict "a" (rest (list)))', 'mustMerge (dict "a" nil) (dict "a" (rest (list)))', 'mergeOverwrite (dict "a" 1) (dict "a" (rest (list)))', 'merge (dict "a" (dict "b" 1)) (dict "a" (dict "b" (rest (list)) "c" (rest (list))))', 'merge (dict) (dict "a" nil)',
    # versions: fields that are not exported, and two more methods
    '(semver "1.2.3").major', '(semver "1.2.3").original', '(semver "1.2.3").none', '(semver "1.2").MarshalText | toString', '(semver "v1.2-a+b").MarshalJSON | toString', 'printf "%d" (semver "1.2.3-a")', 'printf "%+v" (list (semver "1.2.3"))', 'printf "%d" (semver "1.2.3").IncMajor', 'printf "%+d" (semver "1.2.3").IncMajor', 'printf "%#v" (semver "v1.2.3-a+b").IncMinor',
    # the names that \p takes: Go's own, in any spelling, and no others
    'mustRegexFind "\\\\p" "b"', 'mustRegexFind "\\\\p{}" "b"', 'mustRegexFind "\\\\p{Cs}" "b"', 'mustRegexFind "\\\\P{Cs}" "b"', 'mustRegexFind "\\\\p{greek}" "bΩ"', 'mustRegexFind "\\\\p{G-re_ ek}" "bΩ"', 'mustRegexFind "\\\\p{Grek}" "bΩ"', 'mustRegexFind "\\\\p{Old_Italic}" "b"', 'mustRegexFind "\\\\p{uppercase letter}" "bB"', 'mustRegexFind "\\\\p{Uppercase}" "bB"', 'mustRegexFind "\\\\p{White_Space}" "b "', 'mustRegexFind "\\\\p{Emoji}" "b☃"', 'mustRegexFind "\\\\p{any}" "b"', 'mustRegexFind "\\\\p{ascii}" "éb"', 'mustRegexFind "\\\\P{Assigned}" "b"', 'mustRegexFind "\\\\p{lc}" "1b"', 'mustRegexFind "\\\\p{isL}" "b"', 'mustRegexFind "(?i)\\\\p{Lu}" "b"', 'mustRegexFind "\\\\p{^punct}" "-b"', 'mustRegexFind "[^\\\\p{L}\\\\p{Nd}]" "b1-"',
    # what netip.ParseAddr says of an address in brackets
    *('urlParse "http://[%s]/"' % address for address in "::1 :: 1::2 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7::8 1::2::3 ::g g::1 12345::1 1: 1:::2 :1 1:2x:: 1::1.2.3.4 1.2.3.4 ::1.2.3 ::1.2.3.4.5 ::1.2.3.256 ::01.2.3.4 ::1..2.3 ::.1.2.3 ::1.2.3. ::1.2.3.x 1:1.2.3.4 1:2:3:4:5:6:1.2.3.4 1:2:3:4:5:6:7:1.2.3.4 ::1:2:3:4:5:6:7:1.2.3.4 v1.x x 1.2.x 256.1.1.1 fe80::1%25en0 fe80::1%25 %25en0 ::1x 1:2:3:4:5:6:7:8::".split()),
]


def cases():
    for call in LANGUAGE:
        yield "found", {"template": "{{ %s }}" % call, "set": "builtins", "plain": True}
    for text in TEXTS:
        yield "found", {"template": text, "set": "builtins"}
    for call in SPRIG:
        yield "found-sprig", {"template": "{{ %s }}" % call, "set": "values", "peer": "helm"}
