"""Cases for Sprig: each function with usual and edge arguments, and with a wrong kind in each place."""

# A value of each kind, to stand where a function wants something else.
KINDS = ["nil", "true", "42", "3.5", '"text"', '(list 1 "a")', '(dict "a" 1)', "(until 2)", ".Values.none"]
# More types of value, for functions that take anything.
ANY = ["0", '""', "(int64 7)", "(list)", "(dict)", '(splitList "," "x,y")', '(split "," "x,y")', '(semver "1.2.3-b+m")', '(toDate "2006-01-02" "2020-01-02")', "(chunk 1 (list 1 2))", "(rest (list))", '(list nil "" 0 false)', "-1", "1e300", '"0x1F"', '"010"', '" 5 "', '"1.7"', '"-3"', '"true"', '"1e3"', "false", "'a'", '(list "b" "a")', '(dict "n" nil)', '"9223372036854775808"', '"é\\n\\"<&>"', ".Values.f", ".Values.list", ".Values.map"]
VALUES = {"f": 2.0, "list": [1, "x", None], "map": {"a": {"b": 1}, "z": None}, "s": "str"}

# One good call of each function: its arguments are replaced one by one.
BASE = {
    "hello": [], "abbrev": ["8", '"hello world foo"'], "abbrevboth": ["5", "10", '"1234 5678 9123 4567"'], "trunc": ["3", '"hello"'], "trim": ['" a "'], "upper": ['"aé"'], "lower": ['"AÉ"'], "title": ['"hello wORLD"'], "untitle": ['"Hello World"'], "substr": ["1", "3", '"hello"'], "repeat": ["2", '"ab"'],
    "trimall": ['"$"', '"$5$"'], "trimAll": ['"$"', '"$5$"'], "trimSuffix": ['"-"', '"a-"'], "trimPrefix": ['"-"', '"-a"'], "nospace": ['" a b "'], "initials": ['"First Try"'], "swapcase": ['"aB"'], "snakecase": ['"FirstName"'], "camelcase": ['"first_name"'], "kebabcase": ['"FirstName"'], "wrap": ["5", '"hello big world"'], "wrapWith": ["5", '"-"', '"hello big world"'], "contains": ['"el"', '"hello"'], "hasPrefix": ['"he"', '"hello"'], "hasSuffix": ['"lo"', '"hello"'], "quote": ['"a"'], "squote": ['"a"'], "cat": ['"a"', "1"], "indent": ["2", '"a\\nb"'], "nindent": ["2", '"a\\nb"'], "replace": ['"l"', '"L"', '"hello"'], "plural": ['"one"', '"many"', "2"], "sha1sum": ['"a"'], "sha256sum": ['"a"'], "sha512sum": ['"a"'], "adler32sum": ['"a"'], "toString": ["1"],
    "atoi": ['"12"'], "int64": ['"12"'], "int": ['"12"'], "float64": ['"1.5"'], "seq": ["1", "2", "5"], "toDecimal": ['"0777"'], "split": ['","', '"a,b"'], "splitList": ['","', '"a,b"'], "splitn": ['","', "2", '"a,b,c"'], "toStrings": ["(list 1 2)"], "until": ["3"], "untilStep": ["0", "6", "2"],
    "add1": ["1"], "add": ["1", "2"], "sub": ["5", "2"], "div": ["7", "2"], "mod": ["7", "3"], "mul": ["2", "3"], "add1f": ["1.5"], "addf": ["1.5", "2"], "subf": ["5.5", "2"], "divf": ["7", "2"], "mulf": ["2.5", "3"], "biggest": ["1", "2"], "max": ["1", "2"], "min": ["1", "2"], "maxf": ["1.5", "2"], "minf": ["1.5", "2"], "ceil": ["1.2"], "floor": ["1.8"], "round": ["1.2345", "2"],
    "join": ['"-"', '(list "a" 1)'], "sortAlpha": ['(list "b" "a")'], "default": ['"d"', '""'], "empty": ["0"], "coalesce": ["0", "1"], "all": ["1", "0"], "any": ["1", "0"], "compact": ["(list 0 1)"], "mustCompact": ["(list 0 1)"], "ternary": ["1", "2", "true"], "deepCopy": ['(dict "a" (list 1))'], "mustDeepCopy": ['(dict "a" (list 1))'],
    "typeOf": ["1"], "typeIs": ['"int"', "1"], "typeIsLike": ['"semver.Version"', '(semver "1.2.3")'], "kindOf": ["1"], "kindIs": ['"int"', "1"], "deepEqual": ["(list 1)", "(list 1)"], "base": ['"a/b.c"'], "dir": ['"a/b.c"'], "clean": ['"a/../b"'], "ext": ['"a/b.c"'], "isAbs": ['"/a"'], "osBase": ['"a/b.c"'], "osDir": ['"a/b.c"'], "osClean": ['"a/../b"'], "osExt": ['"a/b.c"'], "osIsAbs": ['"/a"'], "b64enc": ['"hello"'], "b64dec": ['"aGVsbG8="'], "b32enc": ['"hello"'], "b32dec": ['"NBSWY3DP"'],
    "tuple": ["1", '"a"'], "list": ["1", '"a"'], "dict": ['"a"', "1"], "get": ['(dict "a" 1)', '"a"'], "set": ['(dict "a" 1)', '"b"', "2"], "unset": ['(dict "a" 1)', '"a"'], "hasKey": ['(dict "a" 1)', '"a"'], "pluck": ['"a"', '(dict "a" 1)', '(dict "a" 2)'], "keys": ['(dict "a" 1)'], "pick": ['(dict "a" 1 "b" 2)', '"a"'], "omit": ['(dict "a" 1 "b" 2)', '"a"'], "merge": ['(dict "a" 1)', '(dict "a" 2 "b" 3)'], "mergeOverwrite": ['(dict "a" 1)', '(dict "a" 2 "b" 3)'], "mustMerge": ['(dict "a" 1)', '(dict "a" 2 "b" 3)'], "mustMergeOverwrite": ['(dict "a" 1)', '(dict "a" 2 "b" 3)'], "values": ['(dict "a" 1)'],
    "append": ["(list 1)", "2"], "push": ["(list 1)", "2"], "mustAppend": ["(list 1)", "2"], "mustPush": ["(list 1)", "2"], "prepend": ["(list 1)", "2"], "mustPrepend": ["(list 1)", "2"], "first": ["(list 1 2)"], "mustFirst": ["(list 1 2)"], "rest": ["(list 1 2)"], "mustRest": ["(list 1 2)"], "last": ["(list 1 2)"], "mustLast": ["(list 1 2)"], "initial": ["(list 1 2)"], "mustInitial": ["(list 1 2)"], "reverse": ["(list 1 2)"], "mustReverse": ["(list 1 2)"], "uniq": ["(list 1 1 2)"], "mustUniq": ["(list 1 1 2)"], "without": ["(list 1 2)", "1"], "mustWithout": ["(list 1 2)", "1"], "has": ["1", "(list 1 2)"], "mustHas": ["1", "(list 1 2)"], "slice": ["(list 1 2 3)", "1", "2"], "mustSlice": ["(list 1 2 3)", "1", "2"], "concat": ["(list 1)", '(list "a")'], "dig": ['"a"', '"b"', '"d"', '(dict "a" (dict "b" 1))'], "chunk": ["2", "(list 1 2 3)"], "mustChunk": ["2", "(list 1 2 3)"],
    "derivePassword": ["1", '"long"', '"password"', '"user"', '"example.com"'], "buildCustomCert": ['"Y2VydA=="', '"a2V5"'], "decryptAES": ['"key"', '"30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="'], "semver": ['"1.2.3"'], "semverCompare": ['"^1.2.0"', '"1.2.3"'],
    "regexMatch": ['"^a+$"', '"aaa"'], "mustRegexMatch": ['"^a+$"', '"aaa"'], "regexFindAll": ['"[2,4,6,8]"', '"123456789"', "-1"], "mustRegexFindAll": ['"[2,4,6,8]"', '"123456789"', "-1"], "regexFind": ['"[a-zA-Z][1-9]"', '"abcd1234"'], "mustRegexFind": ['"[a-zA-Z][1-9]"', '"abcd1234"'], "regexReplaceAll": ['"a(x*)b"', '"-ab-axxb-"', '"${1}W"'], "mustRegexReplaceAll": ['"a(x*)b"', '"-ab-axxb-"', '"${1}W"'], "regexReplaceAllLiteral": ['"a(x*)b"', '"-ab-axxb-"', '"${1}"'], "mustRegexReplaceAllLiteral": ['"a(x*)b"', '"-ab-axxb-"', '"${1}"'], "regexSplit": ['"z+"', '"pizza"', "-1"], "mustRegexSplit": ['"z+"', '"pizza"', "-1"], "regexQuoteMeta": ['"1.2.3"'],
    "urlParse": ['"http://u:p@h:80/p?q#f"'], "urlJoin": ['(dict "scheme" "http" "host" "h")'],
    "toDate": ['"2006-01-02"', '"2020-03-04"'], "mustToDate": ['"2006-01-02"', '"2020-03-04"'], "date": ['"2006-01-02"', "0"], "dateInZone": ['"2006-01-02"', "0", '"UTC"'], "date_in_zone": ['"2006-01-02"', "0", '"UTC"'], "dateModify": ['"1h"', '(toDate "2006-01-02" "2020-03-04")'], "date_modify": ['"1h"', '(toDate "2006-01-02" "2020-03-04")'], "mustDateModify": ['"1h"', '(toDate "2006-01-02" "2020-03-04")'], "must_date_modify": ['"1h"', '(toDate "2006-01-02" "2020-03-04")'], "duration": ['"95"'], "durationRound": ['"2h10m5s"'], "htmlDate": ["0"], "htmlDateInZone": ["0", '"UTC"'], "unixEpoch": ['(toDate "2006-01-02" "2020-03-04")'],
    "genPrivateKey": ['"none"'], "htpasswd": ['"a:b"', '"p"'],
    "encryptAES": ['"key"', '""'], "randAlpha": ["0"], "randNumeric": ["0"], "randAlphaNum": ["0"], "randAscii": ["0"], "randBytes": ["0"], "shuffle": ['""'], "randInt": ["5", "6"],
}
# Helm replaces these with its own, so that Debian's Sprig answers them (nothing there changed since).
JSON = {"toJson": ['(dict "a" 1)'], "toPrettyJson": ['(dict "a" 1)'], "toRawJson": ['(dict "a" "<")'], "mustToJson": ['(dict "a" 1)'], "mustToPrettyJson": ['(dict "a" 1)'], "mustToRawJson": ['(dict "a" "<")'], "fromJson": ['"[1]"'], "mustFromJson": ['"[1]"'], "fail": ['"oops"']}
# Functions whose answer is not the same twice when a place is filled with these: the clock, random bytes.
UNREPEATABLE = {
    ("date", 1), ("dateInZone", 1), ("date_in_zone", 1), ("htmlDate", 0), ("htmlDateInZone", 0), ("genPrivateKey", 0), ("htpasswd", 0), ("randAlpha", 0), ("randNumeric", 0), ("randAlphaNum", 0), ("randAscii", 0), ("randBytes", 0), ("shuffle", 0), ("randInt", 0), ("randInt", 1), ("encryptAES", 1),
}
# Wherever these stand, the call answers with an error, or the same each time.
SAFE = {"date": ["42", "0"], "dateInZone": ["42"], "date_in_zone": ["42"], "htmlDate": ["42"], "htmlDateInZone": ["42"], "genPrivateKey": ["nil", "true", "42", '"text"', "(until 2)"], "htpasswd": ["nil", "true", "42"], "randAlpha": ["nil", "true", '"text"', "3.5", "-1"], "randNumeric": ["nil", '"text"', "(until 2)"], "randAlphaNum": ["nil", '"text"'], "randAscii": ["nil", '"text"'], "randBytes": ["nil", '"text"'], "shuffle": ["nil", "42", '"a"', '"aaa"'], "randInt": ["nil", '"text"', "true", "3.5"], "encryptAES": ["nil", "42", "true"]}
ANYTHING = "toString toStrings quote squote cat int int64 float64 toDecimal add1 max maxf floor add1f default empty coalesce kindOf typeOf list dict first rest reverse uniq compact sortAlpha join deepCopy has ternary duration deepEqual toJson toPrettyJson toRawJson".split()


def variations(base):
    for name, args in base.items():
        yield "{{ %s }}" % name
        yield "{{ %s }}" % " ".join([name, *args])
        yield "{{ %s 1 }}" % " ".join([name, *args])
        if args:
            yield "{{ %s | %s }}" % (args[-1], " ".join([name, *args[:-1]]))
        for place in range(len(args)):
            kinds = SAFE.get(name, []) if (name, place) in UNREPEATABLE else KINDS + (ANY if name in ANYTHING else [])
            for kind in kinds:
                if name == "derivePassword" and kind in ('"text"', "42", "true"):
                    continue  # slow by design
                yield "{{ %s }}" % " ".join([name, *args[:place], kind, *args[place + 1:]])


def cases():
    from . import sprig_calls
    for name, base in BASE.items():
        for template in variations({name: base}):
            yield "sprig-kinds", {"template": template, "set": "values", "peer": "helm"}
    for template in variations(JSON):
        yield "sprig-json", {"template": template, "set": "values"}
    for call in sprig_calls.JSON:
        yield "sprig-json", {"template": "{{ %s }}" % call, "set": "values"}
    for topic, calls in sprig_calls.TOPICS.items():
        for call in calls:
            template = call if call.startswith("{{") else "{{ %s }}" % call
            yield "sprig-" + topic, {"template": template, "set": "values", "peer": "helm"}
    for call in sprig_calls.TYPED:
        yield "sprig-typed", {"template": "{{ %s }}" % call, "set": "builtins"}
