/// The types that a pod is made of, a row each.
///
/// The facts are those of Kubernetes' published `generated.proto` files and OpenAPI description; how a row is read,
/// ``Schema`` says.
extension Schema {
  static let pods = """
    # api.core.v1
    PodSpec: volumes=1:Volume[name]~ containers=2:Container[name]! restartPolicy=3
      terminationGracePeriodSeconds=4:int activeDeadlineSeconds=5:int dnsPolicy=6 nodeSelector=7:string{*}
      serviceAccountName=8 serviceAccount=9 nodeName=10 hostNetwork=11:bool hostPID=12:bool hostIPC=13:bool
      securityContext=14:PodSecurityContext imagePullSecrets=15:LocalObjectReference[name] hostname=16 subdomain=17
      affinity=18:Affinity schedulerName=19 initContainers=20:Container[name] automountServiceAccountToken=21:bool
      tolerations=22:Toleration[] hostAliases=23:HostAlias[ip] priorityClassName=24 priority=25:int
      dnsConfig=26:PodDNSConfig shareProcessNamespace=27:bool readinessGates=28:PodReadinessGate[]
      runtimeClassName=29 enableServiceLinks=30:bool preemptionPolicy=31 overhead=32:quantity{}
      topologySpreadConstraints=33:TopologySpreadConstraint[topologyKey,whenUnsatisfiable]
      ephemeralContainers=34:any[name] setHostnameAsFQDN=35:bool os=36:PodOS hostUsers=37:bool
      schedulingGates=38:any[name] resourceClaims=39:any[name]~ resources=40:ResourceRequirements
      hostnameOverride=41 schedulingGroup:any
    Affinity: nodeAffinity=1:NodeAffinity podAffinity=2:PodAffinity podAntiAffinity=3:PodAntiAffinity
    NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution=1:NodeSelector
      preferredDuringSchedulingIgnoredDuringExecution=2:PreferredSchedulingTerm[]
    PreferredSchedulingTerm: weight=1:int! preference=2:NodeSelectorTerm!
    NodeSelectorTerm*: matchExpressions=1:NodeSelectorRequirement[] matchFields=2:NodeSelectorRequirement[]
    NodeSelectorRequirement: key=1! operator=2! values=3:string[]
    NodeSelector*: nodeSelectorTerms=1:NodeSelectorTerm[]!
    PodAffinity: requiredDuringSchedulingIgnoredDuringExecution=1:PodAffinityTerm[]
      preferredDuringSchedulingIgnoredDuringExecution=2:WeightedPodAffinityTerm[]
    WeightedPodAffinityTerm: weight=1:int! podAffinityTerm=2:PodAffinityTerm!
    PodAffinityTerm: labelSelector=1:LabelSelector namespaces=2:string[] topologyKey=3!
      namespaceSelector=4:LabelSelector matchLabelKeys=5:string[] mismatchLabelKeys=6:string[]
    PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution=1:PodAffinityTerm[]
      preferredDuringSchedulingIgnoredDuringExecution=2:WeightedPodAffinityTerm[]
    Container: name=1! image=2 command=3:string[] args=4:string[] workingDir=5
      ports=6:ContainerPort[containerPort,protocol] env=7:EnvVar[name] resources=8:ResourceRequirements
      volumeMounts=9:VolumeMount[mountPath] livenessProbe=10:Probe readinessProbe=11:Probe lifecycle=12:Lifecycle
      terminationMessagePath=13 imagePullPolicy=14 securityContext=15:SecurityContext stdin=16:bool
      stdinOnce=17:bool tty=18:bool envFrom=19:EnvFromSource[] terminationMessagePolicy=20
      volumeDevices=21:VolumeDevice[devicePath] startupProbe=22:Probe resizePolicy=23:ContainerResizePolicy[]
      restartPolicy=24 restartPolicyRules=25:any[]
    EnvVar: name=1! value=2 valueFrom=3:EnvVarSource
    EnvVarSource: fieldRef=1:ObjectFieldSelector resourceFieldRef=2:ResourceFieldSelector
      configMapKeyRef=3:ConfigMapKeySelector secretKeyRef=4:SecretKeySelector fileKeyRef:any
    ConfigMapKeySelector*: =1:LocalObjectReference key=2! optional=3:bool
    ObjectFieldSelector*: apiVersion=1 fieldPath=2!
    ResourceFieldSelector*: containerName=1 resource=2! divisor=3:quantity
    SecretKeySelector*: =1:LocalObjectReference key=2! optional=3:bool
    EnvFromSource: prefix=1 configMapRef=2:ConfigMapEnvSource secretRef=3:SecretEnvSource
    ConfigMapEnvSource: =1:LocalObjectReference optional=2:bool
    SecretEnvSource: =1:LocalObjectReference optional=2:bool
    Lifecycle: postStart=1:LifecycleHandler preStop=2:LifecycleHandler stopSignal=3
    LifecycleHandler: exec=1:ExecAction httpGet=2:HTTPGetAction tcpSocket=3:TCPSocketAction sleep=4:SleepAction
    ExecAction: command=1:string[]
    HTTPGetAction: path=1 port=2:intOrString! host=3 scheme=4 httpHeaders=5:HTTPHeader[]
    HTTPHeader: name=1! value=2!
    SleepAction: seconds=1:int!
    TCPSocketAction: port=1:intOrString! host=2
    Probe: =1:ProbeHandler initialDelaySeconds=2:int timeoutSeconds=3:int periodSeconds=4:int successThreshold=5:int
      failureThreshold=6:int terminationGracePeriodSeconds=7:int
    ProbeHandler: exec=1:ExecAction httpGet=2:HTTPGetAction tcpSocket=3:TCPSocketAction grpc=4:GRPCAction
    GRPCAction: port=1:int! service=2
    ContainerPort: name=1 hostPort=2:int containerPort=3:int! protocol=4 hostIP=5
    ContainerResizePolicy: resourceName=1! restartPolicy=2!
    ResourceRequirements: limits=1:quantity{} requests=2:quantity{} claims=3:any[]
    SecurityContext: capabilities=1:Capabilities privileged=2:bool seLinuxOptions=3:any runAsUser=4:int
      runAsNonRoot=5:bool readOnlyRootFilesystem=6:bool allowPrivilegeEscalation=7:bool runAsGroup=8:int procMount=9
      windowsOptions=10:any seccompProfile=11:any appArmorProfile=12:any
    Capabilities: add=1:string[] drop=2:string[]
    VolumeDevice: name=1! devicePath=2!
    VolumeMount: name=1! readOnly=2:bool mountPath=3! subPath=4 mountPropagation=5 subPathExpr=6 recursiveReadOnly=7
    PodDNSConfig: nameservers=1:string[] searches=2:string[] options=3:PodDNSConfigOption[]
    PodDNSConfigOption: name=1 value=2
    HostAlias: ip=1! hostnames=2:string[]
    LocalObjectReference*: name=1
    PodOS: name=1!
    PodReadinessGate: conditionType=1!
    PodSecurityContext: seLinuxOptions=1:any runAsUser=2:int runAsNonRoot=3:bool supplementalGroups=4:int[]
      fsGroup=5:int runAsGroup=6:int sysctls=7:any[] windowsOptions=8:any fsGroupChangePolicy=9
      seccompProfile=10:any appArmorProfile=11:any supplementalGroupsPolicy=12 seLinuxChangePolicy=13
    Toleration: key=1 operator=2 value=3 effect=4 tolerationSeconds=5:int
    TopologySpreadConstraint: maxSkew=1:int! topologyKey=2! whenUnsatisfiable=3! labelSelector=4:LabelSelector
      minDomains=5:int nodeAffinityPolicy=6 nodeTaintsPolicy=7 matchLabelKeys=8:string[]
    Volume: name=1! =2:VolumeSource
    VolumeSource: hostPath=1:HostPathVolumeSource emptyDir=2:EmptyDirVolumeSource gcePersistentDisk=3:any
      awsElasticBlockStore=4:any gitRepo=5:any secret=6:SecretVolumeSource nfs=7:any iscsi=8:any glusterfs=9:any
      persistentVolumeClaim=10:PersistentVolumeClaimVolumeSource rbd=11:any flexVolume=12:any cinder=13:any
      cephfs=14:any flocker=15:any downwardAPI=16:DownwardAPIVolumeSource fc=17:any azureFile=18:any
      configMap=19:ConfigMapVolumeSource vsphereVolume=20:any quobyte=21:any azureDisk=22:any
      photonPersistentDisk=23:any portworxVolume=24:any scaleIO=25:any projected=26:ProjectedVolumeSource
      storageos=27:any csi=28:any ephemeral=29:EphemeralVolumeSource image=30:any
    ConfigMapVolumeSource: =1:LocalObjectReference items=2:KeyToPath[] defaultMode=3:int optional=4:bool
    KeyToPath: key=1! path=2! mode=3:int
    DownwardAPIVolumeSource: items=1:DownwardAPIVolumeFile[] defaultMode=2:int
    DownwardAPIVolumeFile: path=1! fieldRef=2:ObjectFieldSelector resourceFieldRef=3:ResourceFieldSelector
      mode=4:int
    EmptyDirVolumeSource: medium=1 sizeLimit=2:quantity
    EphemeralVolumeSource: volumeClaimTemplate=1:any
    HostPathVolumeSource: path=1! type=2
    PersistentVolumeClaimVolumeSource: claimName=1! readOnly=2:bool
    ProjectedVolumeSource: sources=1:VolumeProjection[] defaultMode=2:int
    VolumeProjection: secret=1:SecretProjection downwardAPI=2:any configMap=3:ConfigMapProjection
      serviceAccountToken=4:any clusterTrustBundle:any podCertificate:any
    ConfigMapProjection: =1:LocalObjectReference items=2:KeyToPath[] optional=4:bool
    SecretProjection: =1:LocalObjectReference items=2:KeyToPath[] optional=4:bool
    SecretVolumeSource: secretName=1 items=2:KeyToPath[] defaultMode=3:int optional=4:bool
    """
}
