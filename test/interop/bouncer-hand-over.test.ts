// A restart of the bouncer at a real InspIRCd, over TLS with a pinned certificate: who is in the channel sees
// nothing of it, and what she says meanwhile is there afterwards.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchHistory } from '../support/bouncer-history.ts'
import { openBouncerStore, startBouncer } from '../support/bouncer-process.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { startHolder } from '../support/holder-process.ts'
import { startInspircd } from '../support/inspircd.ts'
import { connect } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import { PASSWORD } from '../support/service-process.ts'

const CAPS = ['server-time', 'message-tags', 'batch', 'draft/chathistory']

let ca: Ca
beforeAll(async () => {
  ca = await createCa()
})
afterAll(() => ca.close())

const inspircds = [
  { version: 3, peer: 'inspircd3' },
  { version: 4, peer: 'inspircd4' },
] as const

for (const { version, peer } of inspircds) {
  test.skipIf(!requirePeer(peer))(
    `InspIRCd ${version} over TLS: a restart is not seen, and nothing said meanwhile is lost`,
    async () => {
      await using ircd = await startInspircd({ ca, version })
      await using holder = await startHolder()
      await using bouncer = await startBouncer({
        people: [{ name: 'fox', port: ircd.tlsPort, channels: ['#den'] }],
        env: holder.env,
      })
      await bouncer.stop()
      const store = openBouncerStore(bouncer)
      const [network] = store.networks.all()
      const fingerprint = new X509Certificate(ircd.certificate.cert).fingerprint256
      if (network) store.networks.put({ ...network, transport: 'tls', fingerprint })
      store.close()
      await bouncer.start()
      await using watcher = await connect({ port: ircd.port })
      await watcher.register({ nick: 'hare' })
      watcher.send('JOIN #den')
      await watcher.expect('366 * #den')
      const before = await bouncer.client('fox', 'desk', CAPS)
      await before.expect('366 * #den', { timeoutMs: 20_000 })
      await watcher.sync()
      const from = watcher.lines.length
      watcher.send('WHOIS fox')
      const account = (await watcher.expect('317')).params[3]
      for (let round = 0; round < 3; round++) {
        await bouncer.stop()
        watcher.send(`PRIVMSG #den :said while away ${round}`, `PRIVMSG fox :to you ${round}`)
        await watcher.sync()
        await bouncer.start()
      }
      const after = await bouncer.client('fox', 'desk', CAPS)
      expect((await after.expect('353 * * #den')).params.at(-1)).toContain('hare')
      after.send('PRIVMSG #den :here I am')
      await watcher.expect('PRIVMSG #den', { timeoutMs: 20_000 })
      watcher.send('WHOIS fox')
      // 317: since when she is signed on.
      expect((await watcher.expect('317')).params[3]).toBe(account)
      const seen = watcher.lines.slice(from).map(({ command }) => command)
      expect(seen.filter((command) => /^(JOIN|PART|QUIT|NICK|KICK|MODE)$/.test(command))).toEqual(
        [],
      )
      const texts = (await fetchHistory(after, '#den')).map(({ params }) => params[1])
      expect(texts.filter((text) => text?.startsWith('said while away'))).toEqual(
        [0, 1, 2].map((round) => `said while away ${round}`),
      )
      const toFox = (await fetchHistory(after, 'hare')).map(({ params }) => params[1])
      expect(toFox).toEqual([0, 1, 2].map((round) => `to you ${round}`))
      expect(bouncer.log() + holder.log()).not.toContain(PASSWORD)
    },
    180_000,
  )
}
