{{- define "web.envFrom" -}}
{{- if or .Values.vars .Values.secretName .Values.existingSecrets .Values.sealedSecrets }}
envFrom:
{{- if .Values.vars }}
  - configMapRef:
      name: {{ include "web.fullname" . }}
{{- end }}
{{- with .Values.secretName }}
  - secretRef:
      name: {{ tpl . $ }}
{{- end }}
{{- range .Values.existingSecrets }}
  - secretRef:
      name: {{ .name }}
{{- end }}
{{- if .Values.sealedSecrets }}
  - secretRef:
      name: {{ include "web.fullname" . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "web.volumeMounts" -}}
{{- if or .Values.volumes .Values.existingFileSecrets .Values.existingFileConfigMaps .Values.fileSecrets .Values.configFiles }}
volumeMounts:
{{- range .Values.volumes }}
  - name: {{ .name }}
    mountPath: {{ .path }}
    {{- with .subPath }}
    subPath: {{ . | quote }}
    {{- end }}
{{- end }}
{{- range $index, $secret := concat .Values.existingFileSecrets .Values.fileSecrets }}
  - name: {{ $secret.name }}
    mountPath: {{ $secret.path }}
    readOnly: true
{{- end }}
{{- range .Values.existingFileConfigMaps }}
  - name: {{ .name }}
    mountPath: {{ .path }}
    readOnly: true
{{- end }}
{{- range $index, $file := .Values.configFiles }}
  - name: config-files
    mountPath: {{ $file.path }}/{{ $file.filename }}
    subPath: {{ include "web.robustName" $file.filename }}
{{- end }}
{{- end }}
{{- end }}

{{- define "web.volumes" -}}
{{- if or .Values.volumes .Values.existingFileSecrets .Values.existingFileConfigMaps .Values.fileSecrets .Values.configFiles }}
volumes:
{{- range .Values.volumes }}
  - name: {{ .name }}
    {{- if .hostPath }}
    hostPath:
      path: {{ .hostPath.path }}
      {{- with .hostPath.type }}
      type: {{ . }}
      {{- end }}
    {{- else if .existingClaim }}
    persistentVolumeClaim:
      claimName: {{ .existingClaim }}
    {{- else if .emptyDir }}
    emptyDir: {{ toYaml .emptyDir | nindent 6 }}
    {{- else }}
    persistentVolumeClaim:
      claimName: {{ include "web.fullname" $ }}-{{ .name }}
    {{- end }}
{{- end }}
{{- range concat .Values.existingFileSecrets .Values.fileSecrets }}
  - name: {{ .name }}
    secret:
      secretName: {{ .name }}
{{- end }}
{{- range .Values.existingFileConfigMaps }}
  - name: {{ .name }}
    configMap:
      name: {{ .name }}
{{- end }}
{{- if .Values.configFiles }}
  - name: config-files
    configMap:
      name: {{ include "web.fullname" . }}-files
{{- end }}
{{- end }}
{{- end }}

{{- define "web.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: HTTP
{{- with .settings }}
{{- range $key, $value := . }}
{{ $key }}: {{ $value }}
{{- end }}
{{- end }}
{{- end }}
