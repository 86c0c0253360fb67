// A smallest service, for tests of the `fuchsbau` command: it answers every request, slowly if asked to.
// Run this file as the command itself: `node echo-service.ts up`.
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import type { Service } from '@fuchsbau/shared/service.ts'
import { address, secret, url } from '@fuchsbau/shared/setting.ts'
import { run } from '../../command.ts'

const settings = {
  listen: address({ default: '127.0.0.1:0', about: 'Where it listens.' }),
  url: url({ default: 'http://localhost:3000', about: 'Public address.' }),
  key: secret({ optional: true, about: 'A secret.' }),
}

const service: Service<typeof settings> = {
  name: 'fediverse',
  summary: 'Echoes.',
  settings,
  async serve({ config, log, clock, metrics, say }) {
    const app = createHttp({ log, metrics, name: 'fediverse' })
    app.get('/', async () => 'hello')
    app.get('/slow', async () => {
      log.info('slow request began')
      await new Promise<void>((resolve) => clock.after(300, resolve))
      return 'late'
    })
    app.get('/bug', async () => void queueMicrotask(fail))
    const listening = await listen(app, config.own.listen)
    say('welcome')
    return { url: config.own.url, listening, notReady: () => undefined, close: () => app.close() }
  },
  verbs: {
    shout: {
      summary: 'Says it loudly.',
      usage: 'WORD',
      help: 'Example:\n  fuchsbau fediverse shout hello',
      async run({ args, config, print }) {
        if (args[0] === 'fail') throw new Error('the disk is full')
        print(`${args.join(' ').toUpperCase()} ${config.data} ${config.own.url}`)
        return args.length
      },
    },
  },
}

function fail(): never {
  throw new Error('nobody catches this')
}

await run([service])
