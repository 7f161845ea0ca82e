{{- define "understudy.name" -}}
{{- printf "%s" .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- define "understudy.labels" -}}
app.kubernetes.io/name: understudy
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}
{{- define "understudy.selector" -}}
app.kubernetes.io/name: understudy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "understudy.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- define "understudy.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
volumes:
  - name: state
    persistentVolumeClaim: {claimName: {{ include "understudy.name" . }}-state}
  - name: scratch
    emptyDir: {medium: {{ .Values.scratch.medium | quote }}, sizeLimit: {{ .Values.scratch.size }}}
  - name: home
    emptyDir: {sizeLimit: 1Gi}
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 1Gi}
  {{- if .Values.api.tlsSecret }}
  - name: tls
    secret: {secretName: {{ .Values.api.tlsSecret }}, defaultMode: 0440}
  {{- end }}
{{- end -}}
{{- define "understudy.container" -}}
image: {{ include "understudy.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
envFrom:
  - secretRef: {name: {{ .Values.existingSecret }}}
env:
  - {name: UNDERSTUDY_HOME, value: /data}
  - {name: UNDERSTUDY_KEYS, value: /state/keys}
  - {name: UNDERSTUDY_ANCHOR, value: /state/anchor}
  - {name: UNDERSTUDY_SCRATCH, value: /scratch}
  - {name: UNDERSTUDY_BLOBS, value: {{ .Values.blobs | quote }}}
  {{- range $name, $value := .Values.settings }}
  - {name: {{ $name }}, value: {{ $value | quote }}}
  {{- end }}
  {{- if .worker }}
  - name: POD_NAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  {{- end }}
volumeMounts:
  - {name: state, mountPath: /state}
  - {name: scratch, mountPath: /scratch}
  - {name: home, mountPath: /data}
  - {name: tmp, mountPath: /tmp}
  {{- if and .Values.api.tlsSecret (not .worker) }}
  - {name: tls, mountPath: /tls, readOnly: true}
  {{- end }}
{{- end -}}
