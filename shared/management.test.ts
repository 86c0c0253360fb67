import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Management, startManagement } from './management.ts'
import { createMetrics } from './metrics.ts'

describe('the management port', () => {
  const reasons: string[] = []
  let management: Management
  beforeEach(async () => {
    const metrics = createMetrics()
    metrics.counter('hits_total', 'Hits.').inc()
    const listen = { host: '127.0.0.1', port: 0 }
    management = await startManagement({ listen, metrics, notReady: () => reasons })
  })
  afterEach(async () => {
    reasons.length = 0
    await management.close()
  })

  test('is alive', async () => {
    const response = await fetch(`${management.url}/livez`)
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
  })

  test('is ready, or tells why not', async () => {
    expect((await fetch(`${management.url}/readyz`)).status).toBe(200)
    reasons.push('fediverse: replaying the journal')
    const response = await fetch(`${management.url}/readyz`)
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('fediverse: replaying the journal\n')
  })

  test('shows the metrics as Prometheus wants them', async () => {
    const response = await fetch(`${management.url}/metrics`)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toContain('hits_total 1\n')
  })

  test('has nothing else', async () => {
    expect((await fetch(`${management.url}/`)).status).toBe(404)
  })

  test('says so when its port is taken', async () => {
    const { port } = new URL(management.url)
    const listen = { host: '127.0.0.1', port: Number(port) }
    const metrics = createMetrics()
    await expect(startManagement({ listen, metrics, notReady: () => [] })).rejects.toThrow(
      'EADDRINUSE',
    )
  })
})
