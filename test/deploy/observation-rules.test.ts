// Alerts that fire when they must and are quiet otherwise, by the real promtool; and the text that explains them.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { makePeerHome, type PeerHome, programInside } from '../support/daemon.ts'
import { requirePeer } from '../support/peers.ts'
import { launcher } from '../support/service-process.ts'
import { startApiServer } from './support/apiserver.ts'
import { buildBundle, type KubeObject, type Part } from './support/bundle.ts'
import { objectsIn, type Rule, rulesOf } from './support/observation.ts'
import { type AlertCase, alertCases } from './support/observation-alerts.ts'

const root = join(import.meta.dirname, '../..')
const hasPeers = [requirePeer('promtool'), requirePeer('flux')].every(Boolean)
const hasApiServer = [requirePeer('etcd'), requirePeer('kube-apiserver')].every(Boolean)

let parts: Part[]
let objects: KubeObject[]
let rules: Rule[]

beforeAll(async () => {
  if (!hasPeers) return
  parts = await buildBundle()
  objects = objectsIn(parts, 'observation')
  rules = rulesOf(objects)
})

describe.skipIf(!hasPeers)('the rules', () => {
  let home: PeerHome

  beforeAll(() => {
    home = makePeerHome('promtool')
  })
  afterAll(() => home?.remove())

  const promtool = (...args: string[]) => home.run(programInside('promtool'), args)

  test('are valid to promtool, each file', async () => {
    const files = objects.filter(({ kind }) => kind === 'PrometheusRule')
    expect(files.map(({ metadata }) => metadata.name).sort()).toEqual([
      'bouncer',
      'fediverse',
      'lab',
      'registry',
    ])
    for (const { metadata, spec } of files) {
      const file = home.write(`${metadata.name}.yaml`, stringify(spec))
      expect(await promtool('check', 'rules', file)).toContain('SUCCESS')
    }
  })

  test('say what is the matter and what to do, and where more stands', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(['critical', 'warning', 'info'], alert).toContain(labels['severity'])
      expect(annotations['summary'], alert).toMatch(/^[A-Z].*\.$/)
      expect(annotations['description']?.length, alert).toBeGreaterThan(60)
      expect(annotations['runbook'], alert).toBe('deploy/docs/alerts.md')
    }
  })

  test('stand in the text that they lead to, with their severity, and nothing else does', () => {
    const rows = runbook().matchAll(/^\| `(\w+)` \| (\w+) \|/gm)
    const told = [...rows].map(([, alert, severity]) => `${alert} ${severity}`)
    const made = rules.map(({ alert, labels }) => `${alert} ${labels['severity']}`)
    expect(told.sort()).toEqual(made.sort())
  })

  test('name commands that there are', async () => {
    const texts = `${runbook()}\n${rules.map(({ annotations }) => annotations['description']).join('\n')}`
    const named = texts.matchAll(
      /fuchsbau (fediverse|bouncer|registry|deploy) ([a-z-]+)((?: [a-z-]+)?)/g,
    )
    const commands = new Set(
      [...named].map(([, service, verb, word]) => `${service} ${verb}${word}`),
    )
    expect(commands.size).toBeGreaterThan(5)
    for (const command of commands) {
      const [service = '', verb = '', word] = command.split(' ')
      const help = await promisify(execFile)(process.execPath, [launcher, service, verb, '--help'])
      // What follows `deploy check` is the next word of the sentence, or a flag.
      if (word !== undefined && service !== 'deploy') {
        expect(help.stdout, command).toMatch(new RegExp(`\\b${word}\\b`))
      }
    }
  })

  // The definition, with the server's own checks of it.
  test.skipIf(!hasApiServer)('go to the receiver that the text gives an example of', async () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(runbook()) ?? []
    const receiver = parse(example) as KubeObject
    await using api = await startApiServer()
    await api.define([receiver])
    await api.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: receiver.metadata.namespace ?? '' },
    })
    expect(await api.dryRun(receiver)).toMatchObject({ status: expect.toBeOneOf([200, 201]) })
    const misspelt = parse(example.replace('urlSecret', 'urlFrom')) as KubeObject
    expect(await api.dryRun(misspelt)).toMatchObject({
      message: expect.stringContaining('urlFrom'),
    })
  })

  test('all have a case in which they fire, and one in which they do not', () => {
    const names = (isFiring: boolean) =>
      [
        ...new Set(
          alertCases.filter(({ fires }) => fires.length > 0 === isFiring).map((each) => each.alert),
        ),
      ].sort()
    const made = rules.map(({ alert }) => alert).sort()
    expect(names(true)).toEqual(made)
    expect(names(false)).toEqual(made)
  })

  for (const [alert, cases] of Map.groupBy(alertCases, (each) => each.alert)) {
    test(`${alert}: ${cases.map(({ when, fires }) => `${fires.length > 0 ? 'fires' : 'is quiet'} when ${when}`).join('; ')}`, async () => {
      expect(await runCases(promtool, home, rules, cases)).toContain('SUCCESS')
    })
  }

  // Found so: the two sides had different labels, and the alert could never fire.
  test('that cannot fire fail their cases', async () => {
    const blunt = rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replace(/on \(job\) sum by \(job\) /g, ''),
    }))
    const cases = alertCases.filter(({ alert }) => alert === 'FediverseDeliveryQueueStuck')
    await expect(runCases(promtool, home, blunt, cases)).rejects.toThrow(/FAILED/)
  })
})

/** The text that the alerts lead to. */
function runbook(): string {
  return readFileSync(join(root, 'deploy/docs/alerts.md'), 'utf8')
}

/** Runs cases of alerts as unit tests of rules; rejects with what promtool says. */
async function runCases(
  promtool: (...args: string[]) => Promise<string>,
  home: PeerHome,
  rules: readonly Rule[],
  cases: readonly AlertCase[],
): Promise<string> {
  // Texts are Go's templates, which the check of the rules has parsed: here it is about when.
  const plain = rules.map(({ annotations: _, ...rule }) => rule)
  home.write('rules.yaml', stringify({ groups: [{ name: 'all', rules: plain }] }))
  const tests = cases.map(({ alert, at, series, fires }) => {
    const severity = rules.find((rule) => rule.alert === alert)?.labels['severity'] ?? ''
    return {
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        {
          eval_time: at,
          alertname: alert,
          exp_alerts: fires.map((labels) => ({ exp_labels: { severity, ...labels } })),
        },
      ],
    }
  })
  const file = home.write('cases.yaml', stringify({ rule_files: ['rules.yaml'], tests }))
  return await promtool('test', 'rules', file)
}
