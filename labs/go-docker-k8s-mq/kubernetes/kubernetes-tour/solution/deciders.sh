set -e
kubectl create deployment tea --image=hello:1 --replicas=2
kubectl rollout status deployment/tea --timeout=60s
kubectl apply -f - <<'POD'
apiVersion: v1
kind: Pod
metadata: {name: orphan}
spec:
  schedulerName: nobody
  containers:
  - {name: hello, image: "hello:1"}
POD
kubectl create --raw /api/v1/namespaces/default/pods/orphan/binding -f - <<'BINDING'
{"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "orphan"},
 "target": {"apiVersion": "v1", "kind": "Node", "name": "node2"}}
BINDING
kubectl wait --for=condition=Ready pod/orphan --timeout=60s
