"""Cases for Go's own functions: printf and its verbs, comparison, index and slice, logic, escaping."""

VALUES = {
    "nil": "nil", "true": "true", "int": "42", "negative": "-42", "zero": "0", "rune": "'é'", "float": "3.14159", "whole": "100000.0", "large": "1e21", "small": "1e-7",
    "string": '"hi\\n\\"é"', "empty": '""', "bytes": ".bytes", "bad": ".bad", "list": '(list 1 "a" nil 2.5)', "strings": ".strings", "map": '(dict "b" 1 "a" "x")', "int64": "(int64 7)", "uint64": ".u64", "nan": ".nan", "inf": ".inf",
    "nested": '(dict "l" (list (dict "k" true) 1))', "nilmap": ".nilmap", "nillist": ".nillist", "files": ".files", "emptylist": "(list)", "emptymap": "(dict)", "ints": ".ints", "stringmap": ".sm", "time": ".time",
}
DATA = {
    "bytes": {"$": ["bytes", "hé"]}, "bad": {"$": ["latin1", "a\u00ffb"]}, "strings": {"$": ["strings", "x,y"]}, "u64": {"$": ["uint64", "18446744073709551615"]},
    "nan": {"$": ["float64", "NaN"]}, "inf": {"$": ["float64", "-Inf"]}, "nilmap": {"$": ["nilmap", ""]}, "nillist": {"$": ["nillist", ""]}, "ints": {"$": ["ints", "1,2"]}, "sm": {"$": ["stringmap", "k=v"]},
    "files": {"$": ["files", "f"]}, "time": {"$": ["time", "2020-02-03T04:05:06Z"]}, "fn": {"$": ["func", ""]}, "null": None, "m": {"a": 1, "s": "t"}, "l": ["a", "b", "c"],
}
VERBS = "v T d s q x X t f e E g G b o O c U p w z".split()
SHAPES = ["+%s", "#%s", "% %s", "0%s", "-8%s|", "8%s", "08%s", "+8.2%s", ".2%s", "#.3%s", "-08%s|", ".0%s", "+#%s", "x%s"]
SHAPED_VALUES = ["int", "negative", "float", "string", "bytes", "list", "map", "true", "nil", "rune", "nested"]

PRINTF = [
    'printf ""', 'printf "%%"', 'printf "%"', 'printf "abc%"', 'printf "%!"', 'printf "%d"', 'printf "%d %d" 1', 'printf "%d" 1 2', 'printf "x" 1 "a" nil', 'printf "%[2]d %[1]d" 1 2', 'printf "%[3]d" 1 2', 'printf "%[0]d" 1', 'printf "%[x]d" 1', 'printf "%[1]d %d" 1 2', 'printf "%[2]*[1]d|" 5 8',
    'printf "%*d|" 5 42', 'printf "%-*d|" 5 42', 'printf "%.*f" 2 3.14159', 'printf "%*d" "a" 1', 'printf "%.*d" "a" 1', 'printf "%*d|" -5 42', 'printf "%.*f" -2 3.14159', 'printf "%6.2f|" 3.14159', 'printf "%-6.2f|" 3.14159', 'printf "%06.2f|" -3.14159', 'printf "%+.3e" 12345.678', 'printf "%10s|%-10s|" "a" "b"', 'printf "%.2s" "héllo"', 'printf "%5.1s|" "héllo"', 'printf "%q" "a\\tb"', 'printf "%+q" "é"', 'printf "%#q" "a`b"', 'printf "%#q" "ab"', 'printf "% x" "hello"', 'printf "%#x" "hello"', 'printf "%# x" "hello"', 'printf "% X" "hello"', 'printf "%x" -255', 'printf "%#o" 8', 'printf "%#b" 5', 'printf "%#X" 255', 'printf "%c%c" 65 0x1F600', 'printf "%c" -1', 'printf "%U" 0x1F600', 'printf "%#U" 0x1F600', 'printf "%08b" 5', 'printf "%+d" 5', 'printf "% d" 5', 'printf "% d" -5', 'printf "%+.2f" 1.0', 'printf "%e" 0.0', 'printf "%g" 1e6', 'printf "%g" 1e20', 'printf "%g" 1e21', 'printf "%.3g" 1234.5678', 'printf "%G" 1e-10', 'printf "%t" true', 'printf "%5t|" true', 'printf "%t" 1', 'printf "%v %v" 1.0 1e6', 'printf "%6v|" (list 1 2)', 'printf "%-6v|" (list 1 2)', 'printf "%03d" (list 1 2)', 'printf "%s" (list "a" "b")', 'printf "%q" (list "a" "b")', 'printf "%d" (list 1 "a")', 'printf "%x" (list "a" "b")', 'printf "%s" (dict "a" "b")', 'printf "%q" (dict "a" 1)', 'printf "%v" (dict "a" nil)', 'printf "%s" nil', 'printf "%d" nil', 'printf "%+v" (dict "a" (list 1))', 'printf "%#v" (dict "a" (list 1 "x"))', 'printf "%#v" "a\\"b"', 'printf "%#v" 1.0', 'printf "%#v" 1e6', 'printf "%#v" 1e21', 'printf "%#v" nil', 'printf "%#v" (list nil)', 'printf "%T" (splitList "," "a")', 'printf "%T" (dict)', 'printf "%T" (list)', 'printf "%T" nil', 'printf "%T %T" 1 1.0', 'printf "%s %s" "a"', 'printf "%s" "a" "b"', 'printf "%!d" 1', 'printf "%é" 1', 'printf "%-" 1', 'printf "%5" 1', 'printf "%.d" 5', 'printf "%.0d" 0', 'printf "%.3d" 5', 'printf "%8.3d|" -5', 'printf "%+08.3d|" 5', 'printf "%99999999d" 1', 'printf "%.99999999d" 1', 'printf "%s" true', 'printf "%d" "a"', 'printf "%d" 1.5', 'printf "%f" 1', 'printf "%x" 1.5', 'printf "%X" -1.0', 'printf "%.2x" 1.5', 'printf "%b" 1.5', 'printf "%f" .nan', 'printf "%08f" .inf', 'printf "%+f" .nan', 'printf "%5d|" .nan', 'printf "%x" .bytes', 'printf "%s" .bytes', 'printf "%d" .bytes', 'printf "%q" .bytes', 'printf "%v" .bad', 'printf "%q" .bad', 'printf "%+q" .bad', 'printf "%x" .bad', 'printf "%s" .files', 'printf "%v" .time', 'printf "%s" .time', 'printf "%d" .u64', 'printf "%x" .u64', 'printf "%b" .u64', 'printf 1', 'printf', 'printf .null', 'printf (list)', 'printf "%v" (index .l 0)', 'printf "%-5q|" \'a\'', 'printf "%05s|" "a"', 'printf "%05d|" -3', 'printf "%-05d|" 3', 'printf "%+s" "a"', 'printf "%+v" "a"', 'printf "%#s" "a"', 'printf "% s" "a"', 'printf "%10.3v|" 3.14159', 'printf "%10.3v|" "abcdef"', 'printf "%v" true', 'printf "%[1]s %[1]q" "a"', 'printf "%[1]T %[1]v" (int64 3)', 'printf "%[2]s" "a"', 'printf "%[1]" 1', 'printf "%[1" 1', 'printf "%[]d" 1', 'printf "%[-1]d" 1', 'printf "%.[2]f" 1.0 2', 'printf "%[1]*d" 3 4', 'printf "%s|%v|%d" (list) (list) (list)', 'printf "%s|%v" (dict) (dict)', 'printf "%6.2f|%6.2f" (list 1.5 2.25) 1.5', 'printf "%o %O" 64 64', 'printf "%c" "a"', 'printf "%U" "a"', 'printf "%t" "a"', 'printf "%p" 1', 'printf "%w" "a"',
]
PRINT = ['print', 'print 1 2', 'print "a" "b"', 'print "a" 1 "b" 2 3', 'print 1 nil 2', 'print nil', 'print 1.0 2.5', 'print true false', 'print (list 1 2) (dict "a" 1)', 'print .bytes .strings', 'print .u64 .nan', 'print "a" nil "b"', 'println', 'println 1 "a" 2', 'println nil', 'println "a" "b"', 'print .time', 'print .files', 'print .null', 'print (list nil "a" (list))', 'println (list "a b" "c")', 'print 1 "" 2', 'print \'a\'', 'print .nilmap .nillist', 'print .m']

COMPARE = [*VALUES]
ORDERED = ["nil", "true", "negative", "rune", "float", "string", "bytes", "list", "map", "int64", "uint64", "nan", "files", "time"]
LOGIC = [
    "and", "or", "not", "and 1", "or 1", "and 1 2", "and 0 2", "and 1 0 2", "or 0 2", "or 0 0", "or 0 \"\" nil", "and true nil", "or nil nil", "or nil 1", "not 1", "not 0", "not nil", "not 1 2", "not \"\"", "not .null", "not .none", "and .null.x 1", "and false .null.x", "or true .null.x", "or false .m.s.x", "and 1 (upper 1)", "or 1 (upper 1)", "and 0 (upper 1)", "1 | and 0", "1 | and 2", "0 | or 5", "1 | not", "and .l .m", "or .none .l", "not (and 1 0)", "and (or 0 1) (not 0)", "not .l", "not .nilmap", "or .nilmap .nillist",
    "true | and false (upper 1)", "upper 1 | and 0", "eq", "eq 1", "ne 1", "ne 1 2 3", "lt 1", "lt 1 2 3", "eq 1 2 1", "eq 1 2 3", "eq \"a\" \"b\" \"a\"", "eq 1 1.0", "eq 1 \"1\"", "eq nil nil", "eq .none .none", "eq .none nil", "eq .none 1", "eq 1 .none", "ne nil nil", "eq .l .l", "eq .m .m", "eq .nillist .nillist", "eq .l nil", "eq .m nil", "eq .nilmap nil", "ne .l .l", "eq .files .files", "eq .time .time", "ne .time .time", "lt .time .time", "eq (int64 1) 1", "eq .u64 1", "lt 1 .u64", "lt -1 .u64", "gt .u64 -1", "eq .u64 -1", "lt \"a\" \"b\"", "lt 1 \"a\"", "lt 1.5 2", "lt 1 2.5", "lt true false", "lt nil 1", "lt 1 nil", "le 1 1", "le 2 1", "ge 1 1", "ge 1 2", "gt 2 1", "gt 1 1", "lt .l .l", "lt .m .m", "lt .nan 1.0", "eq .nan .nan", "ge .nan 1.0", "le \"a\" \"a\"", "gt \"é\" \"z\"", "eq 'a' 97", "eq true true", "eq true false", "eq true 1", "lt 'a' 'b'", "eq (list) (list)", "eq \"a\" nil", "eq nil \"a\"", "eq 1 nil 1", "eq .null .null", "eq .null 1", "ne .null 1", "ne 1 \"a\"", "ne \"a\" \"a\"", "ne 1.5 1.5", "1 | eq 1", "2 | lt 1", "eq (index .l 0) \"a\"", "eq .bytes .bytes", "lt .bytes .bytes", "eq 1 2 \"a\"", "eq 1 \"a\" 1", "eq .files nil", "eq nil .files", "ge .u64 1", "le .u64 1", "le -5 .u64", "ge -5 .u64", "gt -5 .u64",
]
INDEX = [
    "index", "index .l", "index .l 0", "index .l 2", "index .l 3", "index .l -1", "index .l \"a\"", "index .l 1.0", "index .l nil", "index .l .null", "index .l 0 0", "index .m \"a\"", "index .m \"none\"", "index .m 1", "index .m nil", "index .m \"a\" \"b\"", "index .m", "index nil 1", "index .none 1", "index .null 1", "index 1 1", "index true 1", "index \"abc\" 1", "index \"abc\" 3", "index \"abc\" \"a\"", "index \"é\" 0", "index (list (list 1 2)) 0 1", "index (dict \"a\" (list 5 6)) \"a\" 1", "index (dict \"a\" (dict \"b\" \"c\")) \"a\" \"b\"", "index .m \"none\" \"x\"", "index .bytes 0", "index .strings 1", "index .ints 0", "index .sm \"k\"", "index .sm \"none\"", "index .sm 1", "index .nilmap \"a\"", "index .nillist 0", "index .files 0", "index .fn 0", "index nil", "index .l 0 | upper", "0 | index .l", "index .l .u64", "index .l (int64 1)", "index .l 99999999999",
    "slice", "slice .l", "slice \"abc\"", "slice \"abc\" 1", "slice \"abc\" 1 2", "slice .l 1", "slice .l 1 2", "slice .l 0 3", "slice .l 2 1", "slice .l -1", "slice .l \"a\"", "slice nil", "slice 1", "slice .m", "slice .l 1 2 3", "slice .bytes 1 2", "slice .strings 1", "slice .none", "slice .l 3", "slice .l nil",
    "len", "len .l", "len .m", "len \"abc\"", "len \"é\"", "len nil", "len 1", "len true", "len .none", "len .null", "len .bytes", "len .strings", "len .sm", "len .nilmap", "len .nillist", "len .fn", "len .files", "len .l .m", "len 1.5", "len (list)", "len (dict)",
    "html \"<a&b>'\\\"\"", "html .bytes", "html 1 2", "html", "html nil", "html (list \"<\")", "html .none", "js \"it's <b>\\n=&\"", "js 1", "js", "js nil", "js \"é\\u2028\\x00\"", "js .bad", "js \"a\\\\b/\\\"\"", "urlquery \"a b&c/d?é\"", "urlquery 1 2", "urlquery", "urlquery nil", "urlquery \"~-_.!*'()+\"", "html \"a\\x00b\"", "urlquery .bad", "js (dict \"a\" \"<\")", "html true 1 \"<\"", "\"<\" | html", "\"<\" | html | js",
]


def cases():
    for verb in VERBS:
        for name, value in VALUES.items():
            if verb == "p" and name not in ("nil", "true", "int", "float", "string"):
                continue  # prints addresses
            if name == "time" and verb not in "vTsqxX":
                continue  # prints the fields of Go's own struct, an address among them
            yield "printf-verbs", {"template": '{{ printf "%%%s" %s }}' % (verb, value), "set": "builtins"}
    for shape in SHAPES:
        for verb in "v d s q x X f g e t c U b o".split():
            for name in SHAPED_VALUES:
                yield "printf-flags", {"template": '{{ printf "%%%s" %s }}' % (shape.replace("%s", verb), VALUES[name]), "set": "builtins"}
    for call in PRINTF + PRINT:
        yield "printf", {"template": "{{ %s }}" % call, "set": "builtins"}
    for value in VALUES.values():
        for function in ("print", "html", "js", "urlquery", "len", "not", "println"):
            yield "builtins", {"template": "{{ %s %s }}" % (function, value), "set": "builtins"}
    for call in LOGIC + INDEX:
        case = {"template": "{{ %s }}" % call, "set": "builtins"}
        if call.startswith("slice"):
            case["plain"] = True  # without Sprig, whose slice hides Go's
        yield "builtins", case
    for left in COMPARE:
        for right in COMPARE:
            yield "compare", {"template": "{{ eq %s %s }}" % (VALUES[left], VALUES[right]), "set": "builtins"}
            if left in ORDERED and right in ORDERED:
                yield "compare", {"template": "{{ lt %s %s }}" % (VALUES[left], VALUES[right]), "set": "builtins"}
