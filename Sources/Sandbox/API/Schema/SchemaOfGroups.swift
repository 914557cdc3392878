/// The types of the groups with a name, a row each.
///
/// The facts are those of Kubernetes' published `generated.proto` files and OpenAPI description; how a row is read,
/// ``Schema`` says.
extension Schema {
  static let groups = """
    # api.apps.v1
    Deployment: metadata=1:ObjectMeta spec=2:DeploymentSpec status=3:DeploymentStatus
    DeploymentSpec: replicas=1:int selector=2:LabelSelector! template=3:PodTemplateSpec!
      strategy=4:DeploymentStrategy~ minReadySeconds=5:int revisionHistoryLimit=6:int paused=7:bool
      progressDeadlineSeconds=9:int
    DeploymentStrategy: type=1 rollingUpdate=2:RollingUpdateDeployment
    RollingUpdateDeployment: maxUnavailable=1:intOrString maxSurge=2:intOrString
    DeploymentStatus: observedGeneration=1:int replicas=2:int updatedReplicas=3:int availableReplicas=4:int
      unavailableReplicas=5:int conditions=6:DeploymentCondition[type] readyReplicas=7:int collisionCount=8:int
      terminatingReplicas=9:int
    DeploymentCondition: type=1! status=2! reason=4 message=5 lastUpdateTime=6:time lastTransitionTime=7:time
    ReplicaSet: metadata=1:ObjectMeta spec=2:ReplicaSetSpec status=3:ReplicaSetStatus
    ReplicaSetSpec: replicas=1:int selector=2:LabelSelector! template=3:PodTemplateSpec minReadySeconds=4:int
    ReplicaSetStatus: replicas=1:int! fullyLabeledReplicas=2:int observedGeneration=3:int readyReplicas=4:int
      availableReplicas=5:int conditions=6:ReplicaSetCondition[type] terminatingReplicas=7:int
    ReplicaSetCondition: type=1! status=2! lastTransitionTime=3:time reason=4 message=5
    StatefulSet: metadata=1:ObjectMeta spec=2:StatefulSetSpec status=3:StatefulSetStatus
    StatefulSetSpec: replicas=1:int selector=2:LabelSelector! template=3:PodTemplateSpec!
      volumeClaimTemplates=4:PersistentVolumeClaim[] serviceName=5 podManagementPolicy=6
      updateStrategy=7:StatefulSetUpdateStrategy revisionHistoryLimit=8:int minReadySeconds=9:int
      persistentVolumeClaimRetentionPolicy=10:StatefulSetPersistentVolumeClaimRetentionPolicy
      ordinals=11:StatefulSetOrdinals
    StatefulSetOrdinals: start=1:int
    StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted=1 whenScaled=2
    StatefulSetUpdateStrategy: type=1 rollingUpdate=2:RollingUpdateStatefulSetStrategy
    RollingUpdateStatefulSetStrategy: partition=1:int maxUnavailable=2:intOrString
    StatefulSetStatus: observedGeneration=1:int replicas=2:int! readyReplicas=3:int currentReplicas=4:int
      updatedReplicas=5:int currentRevision=6 updateRevision=7 collisionCount=9:int
      conditions=10:StatefulSetCondition[type] availableReplicas=11:int
    StatefulSetCondition: type=1! status=2! lastTransitionTime=3:time reason=4 message=5
    ControllerRevision: metadata=1:ObjectMeta data=2:any revision=3:int!
    # api.networking.v1
    Ingress: metadata=1:ObjectMeta spec=2:IngressSpec status=3:IngressStatus
    IngressSpec: defaultBackend=1:IngressBackend tls=2:IngressTLS[] rules=3:IngressRule[] ingressClassName=4
    IngressBackend: resource=3:TypedLocalObjectReference service=4:IngressServiceBackend
    IngressServiceBackend: name=1! port=2:ServiceBackendPort
    ServiceBackendPort*: name=1 number=2:int
    IngressRule: host=1 =2:IngressRuleValue
    IngressRuleValue: http=1:HTTPIngressRuleValue
    HTTPIngressRuleValue: paths=1:HTTPIngressPath[]!
    HTTPIngressPath: path=1 backend=2:IngressBackend! pathType=3!
    IngressTLS: hosts=1:string[] secretName=2
    IngressStatus: loadBalancer=1:IngressLoadBalancerStatus
    IngressLoadBalancerStatus: ingress=1:IngressLoadBalancerIngress[]
    IngressLoadBalancerIngress: ip=1 hostname=2 ports=4:any[]
    IngressClass: metadata=1:ObjectMeta spec=2:IngressClassSpec
    IngressClassSpec: controller=1 parameters=2:IngressClassParametersReference
    IngressClassParametersReference: apiGroup=1 kind=2! name=3! scope=4 namespace=5
    NetworkPolicy: metadata=1:ObjectMeta spec=2:NetworkPolicySpec
    NetworkPolicySpec: podSelector=1:LabelSelector ingress=2:NetworkPolicyIngressRule[]
      egress=3:NetworkPolicyEgressRule[] policyTypes=4:string[]
    NetworkPolicyEgressRule: ports=1:NetworkPolicyPort[] to=2:NetworkPolicyPeer[]
    NetworkPolicyPort: protocol=1 port=2:intOrString endPort=3:int
    NetworkPolicyPeer: podSelector=1:LabelSelector namespaceSelector=2:LabelSelector ipBlock=3:IPBlock
    IPBlock: cidr=1! except=2:string[]
    NetworkPolicyIngressRule: ports=1:NetworkPolicyPort[] from=2:NetworkPolicyPeer[]
    # api.discovery.v1
    EndpointSlice: metadata=1:ObjectMeta endpoints=2:Endpoint[] ports=3:EndpointPort[] addressType=4!
    Endpoint: addresses=1:string[]! conditions=2:EndpointConditions hostname=3 targetRef=4:ObjectReference
      nodeName=6 deprecatedTopology=5:string{} hints=8:any zone=7
    EndpointConditions: ready=1:bool serving=2:bool terminating=3:bool
    EndpointPort*: name=1 protocol=2 port=3:int appProtocol=4
    # api.policy.v1
    PodDisruptionBudget: metadata=1:ObjectMeta spec=2:PodDisruptionBudgetSpec status=3:PodDisruptionBudgetStatus
    PodDisruptionBudgetSpec: minAvailable=1:intOrString selector=2:LabelSelector maxUnavailable=3:intOrString
      unhealthyPodEvictionPolicy=4
    PodDisruptionBudgetStatus: observedGeneration=1:int disruptedPods=2:time{} disruptionsAllowed=3:int
      currentHealthy=4:int desiredHealthy=5:int expectedPods=6:int conditions=7:Condition[type]
    # api.autoscaling.v2
    HorizontalPodAutoscaler: metadata=1:ObjectMeta spec=2:HorizontalPodAutoscalerSpec! status=3:any
    HorizontalPodAutoscalerSpec: scaleTargetRef=1:CrossVersionObjectReference! minReplicas=2:int maxReplicas=3:int!
      metrics=4:MetricSpec[] behavior=5:HorizontalPodAutoscalerBehavior
    HorizontalPodAutoscalerBehavior: scaleUp=1:HPAScalingRules scaleDown=2:HPAScalingRules
    HPAScalingRules: selectPolicy=1 policies=2:HPAScalingPolicy[] stabilizationWindowSeconds=3:int
      tolerance=4:quantity
    HPAScalingPolicy: type=1! value=2:int! periodSeconds=3:int!
    MetricSpec: type=1! object=2:ObjectMetricSource pods=3:PodsMetricSource resource=4:ResourceMetricSource
      external=5:ExternalMetricSource containerResource=7:ContainerResourceMetricSource
    ContainerResourceMetricSource: name=1! target=2:MetricTarget! container=3!
    MetricTarget: type=1! value=2:quantity averageValue=3:quantity averageUtilization=4:int
    ExternalMetricSource: metric=1:MetricIdentifier! target=2:MetricTarget!
    MetricIdentifier: name=1! selector=2:LabelSelector
    ObjectMetricSource: describedObject=1:CrossVersionObjectReference! target=2:MetricTarget!
      metric=3:MetricIdentifier!
    CrossVersionObjectReference: kind=1! name=2! apiVersion=3
    PodsMetricSource: metric=1:MetricIdentifier! target=2:MetricTarget!
    ResourceMetricSource: name=1! target=2:MetricTarget!
    # api.autoscaling.v1
    Scale: metadata=1:ObjectMeta spec=2:ScaleSpec status=3:ScaleStatus
    ScaleSpec: replicas=1:int
    ScaleStatus: replicas=1:int! selector=2
    # api.batch.v1
    Job: metadata=1:ObjectMeta spec=2:JobSpec status=3:JobStatus
    JobSpec: parallelism=1:int completions=2:int activeDeadlineSeconds=3:int selector=4:LabelSelector
      manualSelector=5:bool template=6:PodTemplateSpec! backoffLimit=7:int ttlSecondsAfterFinished=8:int
      completionMode=9 suspend=10:bool podFailurePolicy=11:any backoffLimitPerIndex=12:int maxFailedIndexes=13:int
      podReplacementPolicy=14 managedBy=15 successPolicy=16:any
    JobStatus: conditions=1:JobCondition[type] startTime=2:time completionTime=3:time active=4:int succeeded=5:int
      failed=6:int completedIndexes failedIndexes ready:int terminating:int uncountedTerminatedPods:any
    JobCondition: type=1! status=2! lastProbeTime=3:time lastTransitionTime=4:time reason=5 message=6
    # api.storage.v1
    StorageClass: metadata=1:ObjectMeta provisioner=2! parameters=3:string{} reclaimPolicy=4 mountOptions=5:string[]
      allowVolumeExpansion=6:bool volumeBindingMode=7 allowedTopologies=8:TopologySelectorTerm[]
    # api.authentication.v1
    SelfSubjectReview: metadata=1:ObjectMeta
    TokenRequest: metadata=1:ObjectMeta spec=2:TokenRequestSpec
    TokenRequestSpec: audiences=1:string[] boundObjectRef=3:BoundObjectReference expirationSeconds=4:int
    BoundObjectReference: kind=1 apiVersion=2 name=3 uid=4
    # api.authorization.v1
    SelfSubjectAccessReview: metadata=1:ObjectMeta spec=2:SelfSubjectAccessReviewSpec
    SelfSubjectAccessReviewSpec: resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes
    ResourceAttributes: namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7
    NonResourceAttributes: path=1 verb=2
    SelfSubjectRulesReview: metadata=1:ObjectMeta spec=2:SelfSubjectRulesReviewSpec
    SelfSubjectRulesReviewSpec: namespace=1
    # api.rbac.v1
    Role: metadata=1:ObjectMeta rules=2:PolicyRule[]
    PolicyRule: verbs=1:string[]! apiGroups=2:string[] resources=3:string[] resourceNames=4:string[]
      nonResourceURLs=5:string[]
    RoleBinding: metadata=1:ObjectMeta subjects=2:Subject[] roleRef=3:RoleRef!
    RoleRef*: apiGroup=1 kind=2! name=3!
    Subject*: kind=1! apiGroup=2 name=3! namespace=4
    ClusterRole: metadata=1:ObjectMeta rules=2:PolicyRule[] aggregationRule=3:AggregationRule
    AggregationRule: clusterRoleSelectors=1:LabelSelector[]
    ClusterRoleBinding: metadata=1:ObjectMeta subjects=2:Subject[] roleRef=3:RoleRef!
    """
}
