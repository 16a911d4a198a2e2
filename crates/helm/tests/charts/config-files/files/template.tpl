Hello {{ .Release.Name }} from {{ .Chart.Name }}
{{- range .Values.greet }}
- {{ . | title }}
{{- end }}
