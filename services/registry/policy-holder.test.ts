// Which policy is in force while its file changes, in all the ways in which files change.
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { PolicyHolder } from './policy-holder.ts'
import { FileUnusable } from './watched-file.ts'

/** A policy whose only rule is for this person. */
const policyFor = (name: string) =>
  `rules:\n  - {who: "user:${name}", repositories: "**", allow: pull}\n`

function scene(write: (file: string) => void = (file) => writeFileSync(file, policyFor('ann'))) {
  const directory = makeTempData('policy')
  const file = join(directory, 'policy.yaml')
  write(file)
  const clock = settableClock(1_000_000)
  const holder = new PolicyHolder({ file, adminGroup: 'admins', clock, log: silentLog() })
  holder.start()
  onTestFinished(() => {
    holder.close()
    removeTempData(directory)
  })
  return {
    directory,
    file,
    clock,
    holder,
    who: () => holder.current.rules[0]?.who[0],
    /** As long as a change may take. */
    wait: () => clock.advance(2_000),
  }
}

const person = (name: string) => ({ kind: 'user', name })

test('without a file the default is in force, and nothing is looked at', () => {
  const clock = settableClock()
  const holder = new PolicyHolder({ file: undefined, adminGroup: 'ops', clock, log: silentLog() })
  holder.start()
  holder.reload()
  expect(holder.current.rules[0]?.who).toEqual([{ kind: 'owner' }, { kind: 'group', name: 'ops' }])
  expect(holder.text).toContain('group:ops')
})

test('a change counts within two seconds, and its text is the one that is shown', () => {
  const { file, holder, who, wait } = scene()
  writeFileSync(file, policyFor('bob'))
  expect(who()).toEqual(person('ann'))
  wait()
  expect(who()).toEqual(person('bob'))
  expect(holder.text).toBe(policyFor('bob'))
})

test('another file under its name counts, of the same size too', () => {
  const { directory, file, who, wait } = scene()
  const other = join(directory, 'other')
  writeFileSync(other, policyFor('eve'))
  renameSync(other, file)
  wait()
  expect(who()).toEqual(person('eve'))
})

test('Kubernetes turns a link in the way to the file: the new one counts', () => {
  // https://kubernetes.io/docs/concepts/configuration/configmap/ : policy.yaml -> ..data/policy.yaml -> ..1/policy.yaml
  const mount = (directory: string, version: string, text: string) => {
    mkdirSync(join(directory, version))
    writeFileSync(join(directory, version, 'policy.yaml'), text)
    symlinkSync(version, join(directory, '..data_tmp'))
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
  }
  const { directory, who, wait } = scene((file) => {
    mount(join(file, '..'), '..1', policyFor('ann'))
    symlinkSync(join('..data', 'policy.yaml'), file)
  })
  mount(directory, '..2', policyFor('bob'))
  rmSync(join(directory, '..1'), { recursive: true })
  wait()
  expect(who()).toEqual(person('bob'))
})

test('what is still being written is not read: half of it may lack what it denies', () => {
  const { file, clock, who, wait } = scene()
  const whole = policyFor('bob')
  writeFileSync(file, `${whole}${whole.slice(0, 10)}`)
  clock.advance(1_000)
  truncateSync(file, whole.length)
  clock.advance(1_000)
  expect(who()).toEqual(person('ann'))
  wait()
  expect(who()).toEqual(person('bob'))
})

test.each<[string, (file: string) => void, RegExp]>([
  ['emptied', (file) => writeFileSync(file, ''), /line 1: must have rules/],
  ['cut off', (file) => writeFileSync(file, 'rules:'), /line 1: must be a list/],
  ['bad', (file) => writeFileSync(file, 'rules: [{}]'), /line 1: "who" is missing/],
  ['too large', (file) => writeFileSync(file, '#'.repeat(257 * 1024)), /larger than 256 KiB/],
  ['no text', (file) => writeFileSync(file, Buffer.alloc(100, 0xff)), /policy\.yaml: line 1/],
  ['gone', (file) => rmSync(file), /ENOENT/],
  [
    'a directory',
    (file) => {
      rmSync(file)
      mkdirSync(file)
    },
    /it is no file/,
  ],
  [
    'a device',
    (file) => {
      rmSync(file)
      symlinkSync('/dev/zero', file)
    },
    /it is no file/,
  ],
  [
    'a link to itself',
    (file) => {
      rmSync(file)
      symlinkSync('policy.yaml', file)
    },
    /ELOOP/,
  ],
])('one that is %s changes nothing, until a good one comes', (_, spoil, reason) => {
  const { file, holder, who, wait } = scene()
  spoil(file)
  wait()
  expect(who()).toEqual(person('ann'))
  expect(holder.problem?.reason).toMatch(reason)
  rmSync(file, { recursive: true, force: true })
  writeFileSync(file, policyFor('bob'))
  wait()
  expect(who()).toEqual(person('bob'))
  expect(holder.problem).toBeUndefined()
})

test('SIGHUP does not wait', () => {
  const { file, holder, who } = scene()
  writeFileSync(file, policyFor('bob'))
  holder.reload()
  expect(who()).toEqual(person('bob'))
})

test('the first one must be good: nobody would know what is in force', () => {
  expect(() => scene((file) => writeFileSync(file, 'rules: all'))).toThrow(FileUnusable)
  expect(() => scene(() => undefined)).toThrow(/cannot be read: ENOENT/)
})
