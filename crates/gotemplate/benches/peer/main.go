// Times Go's own text/template on the cases of ../cases, for benches/engine.rs to compare with.
// Prints a line for each: its name, then nanoseconds to parse and to execute.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"
	"time"
)

// The best of several runs: what the machine does besides only ever adds time.
func best(work func()) int64 {
	count := 1
	for {
		start := time.Now()
		for i := 0; i < count; i++ {
			work()
		}
		if time.Since(start) > 20*time.Millisecond {
			break
		}
		count *= 2
	}
	least := time.Duration(1 << 62)
	for round := 0; round < 15; round++ {
		start := time.Now()
		for i := 0; i < count; i++ {
			work()
		}
		if took := time.Since(start); took < least {
			least = took
		}
	}
	return least.Nanoseconds() / int64(count)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	for _, name := range []string{"manifest", "chart", "loop"} {
		text, err := os.ReadFile(os.Args[1] + "/" + name + ".tmpl")
		check(err)
		var data interface{}
		if name == "loop" {
			var items []interface{}
			for i := 0; i < 10000; i++ {
				items = append(items, map[string]interface{}{"name": fmt.Sprint("item-", i), "port": i, "enabled": i%10 != 0})
			}
			data = map[string]interface{}{"items": items}
		} else {
			content, err := os.ReadFile(os.Args[1] + "/" + name + ".json")
			check(err)
			check(json.Unmarshal(content, &data))
		}
		parse := best(func() {
			_, err := template.New(name).Parse(string(text))
			check(err)
		})
		t := template.Must(template.New(name).Parse(string(text)))
		var out bytes.Buffer
		execute := best(func() {
			out.Reset()
			check(t.Execute(&out, data))
		})
		fmt.Println(name, parse, execute, out.Len())
	}
}
