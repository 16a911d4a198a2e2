{{- define "common.name" -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- define "common.labels" -}}
{{- $labels := dict "app" .Chart.Name "release" .Release.Name -}}
{{- toYaml (merge $labels (.Values.global.labels | default dict)) -}}
{{- end -}}
{{- define "common.image" -}}
{{ .root.Values.global.imageRegistry }}/{{ .image }}:{{ .root.Chart.Version }}
{{- end -}}
