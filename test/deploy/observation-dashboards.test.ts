// The dashboards, whole and as Grafana gets them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers.ts'
import {
  buildBundle,
  copyBundle,
  exampleValues,
  type KubeObject,
  type Part,
} from './support/bundle.ts'
import { type Dashboard, dashboardsOf, objectsIn } from './support/observation.ts'

const root = join(import.meta.dirname, '../..')
const hasPeers = [requirePeer('promtool'), requirePeer('flux')].every(Boolean)

let parts: Part[]
let objects: KubeObject[]
let dashboards: Dashboard[]

beforeAll(async () => {
  if (!hasPeers) return
  parts = await buildBundle()
  objects = objectsIn(parts, 'observation')
  dashboards = dashboardsOf(objects)
})

describe.skipIf(!hasPeers)('the dashboards', () => {
  test('are whole, and say what each panel shows and in what', () => {
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
      'fuchsbau-bouncer',
      'fuchsbau-fediverse',
      'fuchsbau-registry',
    ])
    for (const { uid, title, schemaVersion, templating, panels } of dashboards) {
      expect(title).toBe(uid.replace('fuchsbau-', 'Fuchsbau: '))
      expect(schemaVersion).toBeGreaterThanOrEqual(39)
      expect(templating.list).toMatchObject([
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
      ])
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      const shown = panels.filter(({ type }) => type !== 'row')
      expect(shown.length).toBeLessThanOrEqual(17)
      for (const panel of shown) {
        const where = `${uid}: ${panel.title}`
        expect(panel.title, uid).toMatch(/^[A-Z]/)
        expect(panel.description, where).toMatch(/\.$/)
        expect(panel.fieldConfig?.defaults.unit, where).toBeTruthy()
        expect(panel.datasource?.uid, where).toBe(['$', '{datasource}'].join(''))
        expect(panel.targets?.length, where).toBeGreaterThan(0)
      }
    }
  })

  test('have panels that lie beside each other', () => {
    for (const { uid, panels } of dashboards) {
      const taken = new Set<string>()
      for (const { title, gridPos } of panels) {
        const { x, y, w, h } = gridPos
        expect(x + w, `${uid}: ${title}`).toBeLessThanOrEqual(24)
        for (let column = x; column < x + w; column += 1) {
          for (let row = y; row < y + h; row += 1) {
            expect(taken, `${uid}: ${title}`).not.toContain(`${column} ${row}`)
            taken.add(`${column} ${row}`)
          }
        }
      }
    }
  })

  test('come to Grafana as they are in the files, with the label that it looks for', () => {
    const found = objects.filter(({ kind }) => kind === 'ConfigMap')
    expect(found).toHaveLength(1)
    const [{ data, metadata } = { data: {}, metadata: { name: '' } }] = found
    expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' })
    const names = ['bouncer.json', 'fediverse.json', 'registry.json']
    expect(Object.keys(data).sort()).toEqual(names)
    for (const name of names) {
      const file = join(root, 'deploy/observation/dashboards', name)
      expect(data[name]).toBe(readFileSync(file, 'utf8'))
    }
  })

  test('are not built when Flux would put values into them', async () => {
    using copy = copyBundle(await exampleValues())
    const file = join(copy.directory, 'observation/kustomization.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('substitute: disabled', 'substitute: enabled'))
    await expect(copy.parts()).rejects.toThrow(/variable not set|datasource/)
  })
})
