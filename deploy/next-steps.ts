// What `deploy init` tells its owner to do next.
import { secrets } from './secrets.ts'
import { effective, type Values } from './settings.ts'

export function nextSteps(values: Values, directory: string): string[] {
  const { DOMAIN: domain, INTERNAL_DOMAIN: internal, EXTERNAL_ADDRESS: external } = values
  const mount = effective(values, 'VAULT_MOUNT')
  return [
    'Next:',
    '1. Put the secrets into Vault. Nothing of them is in these files. Those with … you bring along: clients of Pocket ID and keys',
    '   of the tailnet can be made when these run, the apps that wait for them start then.',
    ...secrets.map(({ key, properties }) => {
      const words = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
      return `     vault kv put -mount=${mount} ${key} ${words.join(' ')}`
    }),
    `2. Have the router forward the ports 80, 443 and 6697 to ${external}, and upload to it (Settings, Routing, BGP) what this makes,`,
    '   with the network of your nodes for …:',
    `     sed '${routerEdits(values)}' deploy/infrastructure/network/udm-se.frr.conf > udm-se.frr.conf`,
    `3. Commit ${directory} to the repository of your cluster, in the folder that Flux applies:`,
    `     git add ${directory} && git commit -m "fuchsbau" && git push`,
    '   Flux from 2.9 on refuses manifests with a variable that is not set. An older one takes it as empty, unless its',
    '   kustomize-controller has --feature-gates=StrictPostBuildSubstitutions=true (see deploy/README.md).',
    '4. Make the clients in Pocket ID, each with its callback URL:',
    `     fediverse  https://${values['SOCIAL_DOMAIN']}/login/oidc/back`,
    `     registry   https://oci.${domain}/login/oidc/back`,
    `     bouncer    https://irc.${domain}/login/oidc/back`,
    `     headscale  https://ts.${domain}/oidc/callback`,
    `     grafana    https://grafana.${internal}/login/generic_oauth`,
    `5. See whether it all works: fuchsbau deploy check ${directory}`,
  ]
}

/** For sed: the values that the router's file has places for. */
function routerEdits(values: Values): string {
  const places = ['ROUTER_ADDRESS', 'LB_POOL'].map(
    (name) => `s|<${name}>|${effective(values, name)}|`,
  )
  return [...places, `s|64512|${effective(values, 'BGP_ASN')}|`, 's|<NODE_CIDR>|…|'].join('; ')
}
