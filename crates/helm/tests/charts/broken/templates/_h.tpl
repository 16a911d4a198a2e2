{{- define "broken.fail" }}{{ fail (printf "failed on purpose: %s" .Values.case) }}{{ end }}
{{- define "broken.nil" }}
{{ .Values.nope.deeper }}
{{ end }}
{{- define "broken.outer" }}{{ include "broken.nil" . }}{{ end }}
