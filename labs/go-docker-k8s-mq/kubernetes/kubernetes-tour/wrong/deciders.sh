# Forgets `schedulerName`: the default scheduler is faster than any Binding.
set -e
kubectl create deployment tea --image=hello:1 --replicas=2
kubectl rollout status deployment/tea --timeout=60s
kubectl run orphan --image=hello:1
kubectl wait --for=condition=Ready pod/orphan --timeout=60s
