/// Gives every claim a volume of its own, and takes the volume away when the claim is gone.
///
/// As a storage class with immediate binding and the reclaim policy `Delete` does. Where the data lies is the kubelet's
/// matter: a folder for each claim. (kubernetes/pkg/controller/volume/persistentvolume)
package enum VolumeController {
  /// The class of claims that name none.
  package static let defaultClass = "standard"
  private static let provisioner = "sandbox.votebench/folder"

  /// Decides for one claim; `classes` are the names of all storage classes, `volumes` all volumes.
  ///
  /// A claim of a class that does not exist stays pending, as on a real cluster.
  package static func sync(_ claim: JSON, classes: Set<String>, volumes: [JSON]) -> ControllerOutcome {
    guard claim["status", "phase"].string != "Bound", !claim.isTerminating else { return ControllerOutcome() }
    let className = claim["spec", "storageClassName"].string ?? defaultClass
    var changed = claim
    changed["spec", "storageClassName"] = .string(className)
    guard classes.contains(className) else {
      changed["status", "phase"] = "Pending"
      return ControllerOutcome(actions: changed == claim ? [] : [.replace(changed, .persistentVolumeClaims)])
    }
    let name = "pvc-\(claim.uid)"
    changed["spec", "volumeName"] = .string(name)
    if changed["spec", "volumeMode"].isNull { changed["spec", "volumeMode"] = "Filesystem" }
    for step in ["bind-completed", "bound-by-controller"] {
      changed["metadata", "annotations", "pv.kubernetes.io/\(step)"] = "yes"
    }
    changed["status"] = [
      "phase": "Bound", "accessModes": claim["spec", "accessModes"],
      "capacity": ["storage": claim["spec", "resources", "requests", "storage"]],
    ]
    let isMade = volumes.contains { $0.name == name }
    return ControllerOutcome(
      actions: (isMade ? [] : [.create(volume(name, for: claim, className), .persistentVolumes)]) + [
        .event(
          EventRecord(
            claim, reason: "ProvisioningSucceeded", message: "Successfully provisioned volume \(name)",
            component: provisioner)),
        .replace(changed, .persistentVolumeClaims),
      ])
  }

  /// Decides for one volume; `claims` are all there are.
  package static func sync(volume: JSON, claims: [JSON]) -> ControllerOutcome {
    let owner = volume["spec", "claimRef", "uid"].string
    guard owner != nil, !claims.contains(where: { $0.uid == owner }) else { return ControllerOutcome() }
    return ControllerOutcome(actions: [.delete(.persistentVolumes, namespace: "", name: volume.name)])
  }

  private static func volume(_ name: String, for claim: JSON, _ className: String) -> JSON {
    [
      "metadata": [
        "name": .string(name), "annotations": ["pv.kubernetes.io/provisioned-by": .string(provisioner)],
      ],
      "spec": [
        "capacity": ["storage": claim["spec", "resources", "requests", "storage"]],
        "accessModes": claim["spec", "accessModes"], "persistentVolumeReclaimPolicy": "Delete",
        "storageClassName": .string(className), "volumeMode": "Filesystem",
        "csi": ["driver": .string(provisioner), "volumeHandle": .string(claim.uid)],
        "claimRef": [
          "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": .string(claim.name),
          "namespace": .string(claim.namespace), "uid": .string(claim.uid),
        ],
      ],
      "status": ["phase": "Bound"],
    ]
  }
}
