// `fuchsbau deploy …`: the commands, with their help. What does them is loaded when one is run.
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Branch, Output } from '@fuchsbau/shared/command-line.ts'

export interface DeployOptions extends Output {
  version: string
  clock: Clock
  input: Readable
  /** Where questions are asked. */
  output: Writable
}

export function deployCommands(options: DeployOptions): Branch {
  return {
    summary: 'Set up the Flux bundle, and check a running installation.',
    help: '',
    commands: {
      init: {
        summary: 'Ask for the values of your lab, and write what Flux needs of them.',
        usage:
          '[DIR] [--set NAME=VALUE …] [--source URL] [--yes] [--offline] [--upgrade] [--force]',
        help: `Writes kustomization.yaml, source.yaml, settings.yaml and fuchsbau.yaml to DIR (fuchsbau). Values that are there are kept, and
only missing ones asked for. Digests of images are looked up at their registries. No secret is asked for, or written.
  --set NAME=VALUE  a value, instead of being asked; @FILE reads it from a file (may be repeated)
  --source URL      where Flux takes the bundle from: https://, ssh:// (Git) or oci:// (signed by COSIGN_KEY)
  --yes             ask nothing: take the proposals
  --offline         look up no digests, and say which are missing
  --upgrade         take the versions of images that this command knows, and their digests
  --force           also write files that you have changed
All names are in deploy/README.md.

Examples:
  fuchsbau deploy init clusters/home/fuchsbau
  fuchsbau deploy init clusters/home/fuchsbau --set VAULT_CA=@ca.pem --set COSIGN_KEY=@cosign.pub
  fuchsbau deploy init clusters/home/fuchsbau --set FUCHSBAU_VERSION=0.2.0 --yes`,
        run: async (args) => (await import('./init.ts')).init({ args, ...options }),
      },
      check: {
        summary: 'Look at a running installation from outside, and say what to mend.',
        usage:
          '[DIR] [--set NAME=VALUE …] [--only AREA,…] [--resolve NAME=ADDRESS …] [--resolver ADDRESS] [--ca FILE] [--json]',
        help: `Changes nothing, needs no login, and takes less than a minute. DIR (fuchsbau) is what init has written. It looks from where
it runs: at home, names may mean other addresses than outside. The exit code is 1 when something failed.
  --set NAME=VALUE        a setting, instead of that of DIR; DOMAIN and SOCIAL_DOMAIN are enough
  --only AREA,…           dns, tls, redirect, fediverse, login, irc, registry, headscale, internal
  --resolve NAME=ADDRESS  the address of a name, before DNS knows it; * is every name. NAME:PORT=ADDRESS:PORT also for one port
  --resolver ADDRESS      the DNS server to ask, such as 1.1.1.1
  --ca FILE               more authorities for certificates, as PEM
  --json                  one object with all findings

Examples:
  fuchsbau deploy check clusters/home/fuchsbau --resolver 1.1.1.1
  fuchsbau deploy check clusters/home/fuchsbau --resolve '*=192.0.2.1'
  fuchsbau deploy check --set DOMAIN=this-is-fine.io --set SOCIAL_DOMAIN=this-is-fine.social --only dns,tls`,
        run: async (args) => (await import('./check/check.ts')).check({ args, ...options }),
      },
    },
  }
}
