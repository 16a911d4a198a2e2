// Renders template cases with Go's own text/template and Sprig, so that their answers can be committed.
//
// Reads JSON lines on standard input and writes the same lines on standard output with "output" or "error" added.
// A case's "data" is plain JSON (numbers become float64, as encoding/json makes them), except that an object with the one key
// "$" holds a value of a Go type: {"$": ["int", "5"]}. See build for the types.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/Masterminds/sprig"
)

type testCase struct {
	ID         string          `json:"id"`
	Template   string          `json:"template"`
	Data       json.RawMessage `json:"data,omitempty"`
	MissingKey string          `json:"missingkey,omitempty"`
	Plain      bool            `json:"plain,omitempty"` // Go's slice, not Sprig's of the same name
	Output     *string         `json:"output,omitempty"`
	Bytes      []byte          `json:"output_base64,omitempty"` // an output that is not UTF-8
	Error      *string         `json:"error,omitempty"`
}

// Files is a host object: methods and fields that templates call.
type Files struct{ Name string }

func (f *Files) Get(name string) string              { return f.Name + "/" + name }
func (f *Files) Has(names ...string) bool            { return len(names) > 0 && names[0] == f.Name }
func (f *Files) Fail(message string) (string, error) { return "", errors.New(message) }
func (f *Files) Count(a int, b float64) string       { return fmt.Sprint(a, b) }
func (f *Files) Any(value interface{}) interface{}   { return value }

// build makes the Go value that a case's data describes.
func build(v interface{}) interface{} {
	switch v := v.(type) {
	case map[string]interface{}:
		if tag, ok := v["$"]; ok && len(v) == 1 {
			return typed(tag.([]interface{}))
		}
		for key, item := range v {
			v[key] = build(item)
		}
		return v
	case []interface{}:
		for i := range v {
			v[i] = build(v[i])
		}
	}
	return v
}

func typed(tag []interface{}) interface{} {
	text, _ := tag[len(tag)-1].(string)
	switch tag[0] {
	case "int":
		n, err := strconv.Atoi(text)
		check(err)
		return n
	case "int64":
		n, err := strconv.ParseInt(text, 10, 64)
		check(err)
		return n
	case "uint64":
		n, err := strconv.ParseUint(text, 10, 64)
		check(err)
		return n
	case "float64": // for what JSON cannot say: NaN, +Inf
		n, err := strconv.ParseFloat(text, 64)
		check(err)
		return n
	case "bytes":
		return []byte(text)
	case "latin1": // a string of any bytes, one for each character
		var b []byte
		for _, r := range text {
			b = append(b, byte(r))
		}
		return string(b)
	case "strings":
		return strings.Split(text, ",")
	case "ints":
		list := []int{}
		for _, part := range strings.Split(text, ",") {
			n, err := strconv.Atoi(part)
			check(err)
			list = append(list, n)
		}
		return list
	case "stringmap":
		m := map[string]string{}
		for _, part := range strings.Split(text, ",") {
			key, value, _ := strings.Cut(part, "=")
			m[key] = value
		}
		return m
	case "nilmap":
		return map[string]interface{}(nil)
	case "nillist":
		return []interface{}(nil)
	case "time":
		t, err := time.Parse(time.RFC3339Nano, text)
		check(err)
		return t
	case "files":
		return &Files{text}
	case "func": // upper-cases its one string
		return strings.ToUpper
	}
	panic(fmt.Sprint("unknown type ", tag[0]))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func render(c *testCase) (string, error) {
	var data interface{}
	if len(c.Data) > 0 {
		check(json.Unmarshal(c.Data, &data))
	}
	functions := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, name)
	}
	if c.Plain {
		delete(functions, "slice")
	}
	t := template.New("case").Funcs(functions)
	if c.MissingKey != "" {
		t = t.Option("missingkey=" + c.MissingKey)
	}
	t, err := t.Parse(c.Template)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, build(data))
	return out.String(), err
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var c testCase
		check(json.Unmarshal(in.Bytes(), &c))
		output, err := render(&c)
		if err != nil {
			text := err.Error()
			c.Error = &text
		} else if utf8.ValidString(output) {
			c.Output = &output
		} else {
			c.Bytes = []byte(output)
		}
		check(out.Encode(&c))
	}
	check(in.Err())
}
