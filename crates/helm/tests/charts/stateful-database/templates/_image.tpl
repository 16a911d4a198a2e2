{{- define "db.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion | toString -}}
{{- if .Values.image.digest -}}
{{ printf "%s/%s@%s" .Values.image.registry .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s/%s:%s" .Values.image.registry .Values.image.repository $tag }}
{{- end -}}
{{- end -}}
{{- define "db.validate" -}}
{{- $messages := list -}}
{{- if lt (int .Values.replicaCount) 1 -}}{{- $messages = append $messages "replicaCount must be at least 1" -}}{{- end -}}
{{- if not (hasKey .Values.presets .Values.resourcesPreset) -}}
{{- $messages = append $messages (printf "resourcesPreset %q is none of %s" .Values.resourcesPreset (keys .Values.presets | sortAlpha | join ", ")) -}}
{{- end -}}
{{- with $messages }}{{ fail (printf "\nVALUES VALIDATION:\n  - %s" (join "\n  - " .)) }}{{ end -}}
{{- end -}}
