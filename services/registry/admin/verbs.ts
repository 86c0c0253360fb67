// The command line's verbs of this service, with their help. What does them is loaded when one is run.
import type { Verb } from '@fuchsbau/shared/service.ts'
import type { settings } from '../settings.ts'

type Settings = typeof settings

export const verbs: Record<string, Verb<Settings>> = {
  login: {
    summary: 'Log this machine in to a registry, by a code that you approve in a browser.',
    usage: 'HOST [--repository PATTERN] [--allow ACTIONS] [--days NUMBER]',
    help: `Works on any machine: the registry is elsewhere. What you approve is an access token, which is kept for docker, podman,
skopeo and the like, in --authfile, $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json, or ~/.docker/config.json, or by the program
that such a file names (credsStore, credHelpers).
  --repository PATTERN  where it is good: team/app, team/**, ** (may be repeated; all of them otherwise)
  --allow ACTIONS       pull,push,overwrite unless told otherwise; there is delete, too
  --days NUMBER         how long it lasts: 90, or as long as the registry allows
  --label TEXT          what it is called among your tokens: terminal and the name of this machine
  --authfile FILE       where it is kept
Plain HTTP is for localhost only.

Examples:
  fuchsbau registry login oci.example.org
  fuchsbau registry login oci.example.org --repository 'team/**' --allow pull --days 7`,
    run: async (options) => (await import('../terminal/login.ts')).login(options),
  },
  logout: {
    summary: 'Forget the login of this machine, and revoke its token.',
    usage: 'HOST [--authfile FILE]',
    help: 'The token is taken out of where login put it, and ended at the registry if that can be reached.\n\nExample:\n  fuchsbau registry logout oci.example.org',
    run: async (options) => (await import('../terminal/login.ts')).logout(options),
  },
  token: verb('token', {
    summary: 'Make, list and revoke access tokens.',
    usage: 'create|list|revoke …',
    help: `create OWNER   a token for a person, or for robot:NAME; it is printed once
  --label TEXT          what it is for
  --repository PATTERN  where it is good: team/app, team/**, ** (may be repeated)
  --allow ACTIONS       pull,push,overwrite,delete
  --days NUMBER         how long it lasts
list [OWNER]   all, or those of one
revoke ID      ends it at once

Examples:
  fuchsbau registry token create robot:ci --repository 'team/**' --allow pull,push --days 30
  fuchsbau registry token revoke 7`,
  }),
  robot: verb('robot', {
    summary: 'Make, list, disable and delete accounts of programs.',
    usage: 'create|list|enable|disable|delete [NAME]',
    help: 'A robot belongs to no person; it logs in with tokens that are made for it.\n\nExample:\n  fuchsbau registry robot create ci builds of the team',
  }),
  person: verb('person', {
    summary: 'List, enable, disable and delete people.',
    usage: 'list|enable|disable|delete [NAME]',
    help: 'People come by logging in with the identity provider. Who is disabled is out at once.\n\nExample:\n  fuchsbau registry person disable ann',
  }),
  policy: verb('policy', {
    summary: 'Show the policy, and explain what it decides.',
    usage: 'show|explain WHO RIGHT [REPOSITORY]',
    help: `WHO is the name of a person, robot:NAME or anonymous; RIGHT one of pull, push, overwrite, delete, catalog, admin.
With claims (CLAIM=VALUE …) instead of these, explain says what a CI job with such an ID token gets.

Examples:
  fuchsbau registry policy explain ann push team/app
  fuchsbau registry policy explain iss=https://token.actions.githubusercontent.com aud=https://oci.example.org \\
    sub=repo:fox/app:ref:refs/heads/main`,
  }),
  key: verb('key', {
    summary: 'List the keys that sign tokens, and change to a new one.',
    usage: 'list|rotate',
    help: 'rotate makes the next key; it is used as soon as the upstream accepts it.\n\nExample:\n  fuchsbau registry key rotate',
  }),
  webhook: verb('webhook', {
    summary: 'Show what webhooks wait for, and try them.',
    usage: 'list|test NAME|retry NAME',
    help: `list          how many events wait, when each was told last, and why it failed
test NAME     sends an event of no meaning, and says what came of it
retry NAME    tries what waits now

Example:
  fuchsbau registry webhook test flux`,
  }),
  audit: verb('audit', {
    summary: 'Show who did what, or export it.',
    usage: 'list|export [--who WHO] [--event EVENT] [--repository NAME] …',
    help: `list     the last 100 lines, the newest at the end; --json for programs
export   all, the newest first; --format json (lines of JSON) or csv

Both take what to look for:
  --who WHO           ann, robot:ci, anonymous or operator
  --event EVENT       login, push, pull, delete, denied, "token made" …
  --repository NAME   team/app
  --outcome OUTCOME   ok or refused
  --address ADDRESS   from where
  --from TIME         2026-12-01, or 2026-12-01T18:30 (UTC)
  --to TIME           before this one; a day is there to its end

Examples:
  fuchsbau registry audit list --outcome refused --from 2026-12-01
  fuchsbau registry audit export --format csv --who robot:ci > ci.csv`,
  }),
  fsck: {
    summary: 'Check the database and the keys.',
    usage: '',
    help: `Reads the whole database and says what is wrong with it, or with the keys; the exit code is 1 then. The registry may run
meanwhile. The images are in the registry behind it, which has its own check (Zot: zot scrub).

Example:
  fuchsbau registry fsck`,
    run: async (options) => (await import('./run.ts')).check(options),
  },
}

function verb(name: string, texts: Omit<Verb<Settings>, 'run'>): Verb<Settings> {
  return { ...texts, run: async (options) => (await import('./run.ts')).run(name, options) }
}
