// What others than our services tell Prometheus, as their documentation or source has it: what our rules and dashboards may
// speak of.

/** Name of the metric, where it is documented, and samples. */
const others: readonly { source: string; samples: string }[] = [
  {
    // Prometheus makes this of the rules themselves.
    source: 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/',
    samples: `
ALERTS{alertname="FediverseDown",alertstate="firing",severity="critical"} 1
ALERTS{alertname="BouncerDown",alertstate="firing",severity="critical"} 1
ALERTS{alertname="RegistryDown",alertstate="firing",severity="critical"} 1`,
  },
  {
    source: 'https://cert-manager.io/docs/devops-tips/prometheus-metrics/',
    samples: `
certmanager_certificate_expiration_timestamp_seconds{name="social",namespace="gateways",issuer_name="letsencrypt",issuer_kind="ClusterIssuer",issuer_group="cert-manager.io"} 4102444800
certmanager_certificate_expiration_timestamp_seconds{name="bouncer",namespace="bouncer",issuer_name="letsencrypt",issuer_kind="ClusterIssuer",issuer_group="cert-manager.io"} 4102444800
certmanager_certificate_expiration_timestamp_seconds{name="inspircd",namespace="irc",issuer_name="vault",issuer_kind="ClusterIssuer",issuer_group="cert-manager.io"} 4102444800`,
  },
  {
    source: 'https://volsync.readthedocs.io/en/stable/usage/metrics/index.html',
    samples: ['fediverse', 'bouncer', 'registry']
      .flatMap((name) => {
        const labels = `{obj_name="${name}-data",obj_namespace="${name}",role="source",method="restic"}`
        return [
          `volsync_volume_out_of_sync${labels} 0`,
          `volsync_missed_intervals_total${labels} 0`,
        ]
      })
      .join('\n'),
  },
  {
    source: 'https://external-secrets.io/latest/api/metrics/',
    samples: `
externalsecret_status_condition{name="fediverse",namespace="fediverse",condition="Ready",status="True"} 1
externalsecret_status_condition{name="fediverse",namespace="fediverse",condition="Ready",status="False"} 0`,
  },
  {
    source: 'https://kubernetes.io/docs/reference/instrumentation/metrics/',
    samples: ['fediverse', 'bouncer', 'registry', 'pocket-id', 'headscale']
      .flatMap((name) => {
        const labels = `{namespace="${name}",persistentvolumeclaim="${name}-data"}`
        return [
          `kubelet_volume_stats_available_bytes${labels} 8e9`,
          `kubelet_volume_stats_capacity_bytes${labels} 1e10`,
        ]
      })
      .join('\n'),
  },
  {
    source:
      'https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/pod-metrics.md',
    samples: ['fediverse', 'bouncer', 'registry']
      .map((name) => {
        const labels = `namespace="${name}",pod="${name}-0",uid="1",container="${name}",node="rk1"`
        return `kube_pod_container_resource_limits{${labels},resource="memory",unit="byte"} 536870912`
      })
      .join('\n'),
  },
  {
    // As infrastructure/observation/release.yaml tells kube-state-metrics to.
    source: 'https://fluxcd.io/flux/monitoring/metrics/#resource-metrics',
    samples: `
gotk_resource_info{customresource_group="kustomize.toolkit.fluxcd.io",customresource_kind="Kustomization",customresource_version="v1",exported_namespace="flux-system",name="fediverse",ready="True"} 1
gotk_resource_info{customresource_group="source.toolkit.fluxcd.io",customresource_kind="GitRepository",customresource_version="v1",exported_namespace="flux-system",name="fuchsbau",ready="False"} 1
gotk_resource_info{customresource_group="helm.toolkit.fluxcd.io",customresource_kind="HelmRelease",customresource_version="v2",exported_namespace="kyverno",name="kyverno",ready="True",suspended="true"} 1`,
  },
]

/** All of them in Prometheus' text format. */
export const othersText = `${others.map(({ samples }) => samples.trim()).join('\n')}\n`

/** `up` is Prometheus' own, one for each target. */
export const upText = ['fediverse', 'bouncer', 'registry']
  .map((job) => `up{job="${job}"} 1\n`)
  .join('')
