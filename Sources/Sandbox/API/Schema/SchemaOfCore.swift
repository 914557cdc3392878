/// The metadata and the types of the core group but for pods', a row each.
///
/// The facts are those of Kubernetes' published `generated.proto` files and OpenAPI description; how a row is read,
/// ``Schema`` says.
extension Schema {
  static let core = """
    # apimachinery.pkg.apis.meta.v1
    ObjectMeta: name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7:int
      creationTimestamp=8:time deletionTimestamp=9:time deletionGracePeriodSeconds=10:int labels=11:string{}
      annotations=12:string{} ownerReferences=13:OwnerReference[uid] finalizers=14:string[+]
      managedFields=17:ManagedFieldsEntry[]
    ManagedFieldsEntry: manager=1 operation=2 apiVersion=3 time=4:time fieldsType=6 fieldsV1=7:any subresource=8
    OwnerReference*: kind=1! name=3! uid=4! apiVersion=5! controller=6:bool blockOwnerDeletion=7:bool
    LabelSelector*: matchLabels=1:string{} matchExpressions=2:LabelSelectorRequirement[]
    LabelSelectorRequirement: key=1! operator=2! values=3:string[]
    Condition: type=1! status=2! observedGeneration=3:int lastTransitionTime=4:time! reason=5! message=6!
    DeleteOptions: gracePeriodSeconds=1:int preconditions=2:Preconditions orphanDependents=3:bool
      propagationPolicy=4 dryRun=5:string[]
    Preconditions: uid=1 resourceVersion=2
    # api.core.v1
    Namespace: metadata=1:ObjectMeta spec=2:NamespaceSpec status=3:NamespaceStatus
    NamespaceSpec: finalizers=1:string[]
    NamespaceStatus: phase=1 conditions=2:NamespaceCondition[type]
    NamespaceCondition: type=1! status=2! lastTransitionTime=4:time reason=5 message=6
    Node: metadata=1:ObjectMeta spec=2:any status=3:any
    Pod: metadata=1:ObjectMeta spec=2:PodSpec status=3:any
    Service: metadata=1:ObjectMeta spec=2:ServiceSpec status=3:ServiceStatus
    ServiceSpec: ports=1:ServicePort[port,protocol] selector=2:string{*} clusterIP=3 type=4 externalIPs=5:string[]
      sessionAffinity=7 loadBalancerIP=8 loadBalancerSourceRanges=9:string[] externalName=10
      externalTrafficPolicy=11 healthCheckNodePort=12:int publishNotReadyAddresses=13:bool
      sessionAffinityConfig=14:any ipFamilyPolicy=17 clusterIPs=18:string[] ipFamilies=19:string[]
      allocateLoadBalancerNodePorts=20:bool loadBalancerClass=21 internalTrafficPolicy=22 trafficDistribution=23
    ServicePort: name=1 protocol=2 port=3:int! targetPort=4:intOrString nodePort=5:int appProtocol=6
    ServiceStatus: loadBalancer=1:LoadBalancerStatus conditions=2:Condition[type]
    LoadBalancerStatus: ingress=1:LoadBalancerIngress[]
    LoadBalancerIngress: ip=1 hostname=2 ipMode=3 ports=4:any[]
    ConfigMap: metadata=1:ObjectMeta data=2:string{} binaryData=3:bytes{} immutable=4:bool
    Secret: metadata=1:ObjectMeta data=2:bytes{} type=3 stringData=4:string{} immutable=5:bool
    Event: metadata=1:ObjectMeta! involvedObject=2:ObjectReference! reason=3 message=4 source=5:EventSource
      firstTimestamp=6:time lastTimestamp=7:time count=8:int type=9 eventTime=10:time series=11:EventSeries
      action=12 related=13:ObjectReference reportingComponent=14 reportingInstance=15
    ObjectReference*: kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7
    EventSeries: count=1:int lastObservedTime=2:time
    EventSource: component=1 host=2
    ResourceQuota: metadata=1:ObjectMeta spec=2:ResourceQuotaSpec status=3:ResourceQuotaStatus
    ResourceQuotaSpec: hard=1:quantity{} scopes=2:string[] scopeSelector=3:any
    ResourceQuotaStatus: hard=1:quantity{} used=2:quantity{}
    PersistentVolumeClaim: metadata=1:ObjectMeta spec=2:PersistentVolumeClaimSpec
      status=3:PersistentVolumeClaimStatus
    PersistentVolumeClaimSpec: accessModes=1:string[] resources=2:VolumeResourceRequirements volumeName=3
      selector=4:LabelSelector storageClassName=5 volumeMode=6 dataSource=7:TypedLocalObjectReference
      dataSourceRef=8:any volumeAttributesClassName=9
    TypedLocalObjectReference*: apiGroup=1 kind=2! name=3!
    VolumeResourceRequirements: limits=1:quantity{} requests=2:quantity{}
    PersistentVolumeClaimStatus: phase=1 accessModes=2:string[] capacity=3:quantity{}
      conditions=4:PersistentVolumeClaimCondition[type] allocatedResourceStatuses:string{}
      allocatedResources:quantity{} currentVolumeAttributesClassName modifyVolumeStatus:any
    PersistentVolumeClaimCondition: type=1! status=2! lastProbeTime=3:time lastTransitionTime=4:time reason=5
      message=6
    PersistentVolume: metadata=1:ObjectMeta spec=2:PersistentVolumeSpec status=3:PersistentVolumeStatus
    PersistentVolumeSpec: capacity=1:quantity{} =2:PersistentVolumeSource accessModes=3:string[]
      claimRef=4:ObjectReference persistentVolumeReclaimPolicy=5 storageClassName=6 mountOptions=7:string[]
      volumeMode=8 nodeAffinity=9:VolumeNodeAffinity volumeAttributesClassName
    PersistentVolumeSource: gcePersistentDisk=1:any awsElasticBlockStore=2:any hostPath=3:HostPathVolumeSource
      glusterfs=4:any nfs=5:any rbd=6:any iscsi=7:any cinder=8:any cephfs=9:any fc=10:any flocker=11:any
      flexVolume=12:any azureFile=13:any vsphereVolume=14:any quobyte=15:any azureDisk=16:any
      photonPersistentDisk=17:any portworxVolume=18:any scaleIO=19:any local=20:LocalVolumeSource storageos=21:any
      csi=22:any
    LocalVolumeSource: path=1! fsType=2
    VolumeNodeAffinity: required=1:NodeSelector
    PersistentVolumeStatus: phase=1 message=2 reason=3 lastPhaseTransitionTime:time
    Endpoints: metadata=1:ObjectMeta subsets=2:EndpointSubset[]
    EndpointSubset: addresses=1:EndpointAddress[] notReadyAddresses=2:EndpointAddress[] ports=3:EndpointPort[]
    EndpointAddress*: ip=1! targetRef=2:ObjectReference hostname=3 nodeName=4
    EndpointPort*: name=1 port=2:int! protocol=3 appProtocol=4
    ServiceAccount: metadata=1:ObjectMeta secrets=2:ObjectReference[name] imagePullSecrets=3:LocalObjectReference[]
      automountServiceAccountToken=4:bool
    PodTemplateSpec: metadata=1:ObjectMeta spec=2:PodSpec
    TopologySelectorTerm*: matchLabelExpressions=1:TopologySelectorLabelRequirement[]
    TopologySelectorLabelRequirement: key=1! values=2:string[]!
    """
}
