set -e
kubectl exec orphan -- wget -q -O- --post-data= http://localhost:8080/exit || true
until [ "$(kubectl get pod orphan -o jsonpath='{.status.containerStatuses[0].restartCount}')" -ge 1 ]; do sleep 0.5; done
kubectl wait --for=condition=Ready pod/orphan --timeout=60s
engine=$(kubectl get node node2 -o jsonpath='{.status.nodeInfo.containerRuntimeVersion}')
kubectl patch configmap notebook -p "{\"data\":{\"engine\":\"$engine\"}}"
