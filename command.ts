// The `fuchsbau` command: `up`, the verbs of each service, `config`, and what else it is given. It is given the services it
// knows, and is the only place that reads the environment and the arguments.
import type { Readable, Writable } from 'node:stream'
import { type Clock, systemClock } from '@fuchsbau/shared/clock.ts'
import {
  type Branch,
  type Command,
  exitCode,
  type Leaf,
  type Output,
  runCommandLine,
} from '@fuchsbau/shared/command-line.ts'
import { type ConfigResult, readConfig, type Table } from '@fuchsbau/shared/config.ts'
import type { Service, Verb } from '@fuchsbau/shared/service.ts'
import { serviceConfig, sharedSettings } from '@fuchsbau/shared/settings.ts'
import manifest from './package.json' with { type: 'json' }

/** Every service there is; the configuration of those that are not given is passed over. */
const serviceNames = ['fediverse', 'bouncer', 'registry']

type Valid = ConfigResult<Table> & { ok: true }

/** What a command that belongs to no service is given. */
type OtherOptions = Output & { version: string; clock: Clock; input: Readable; output: Writable }
type Others = Readonly<Record<string, (options: OtherOptions) => Command>>

/** Runs the command line of this process and sets its exit code. */
export async function run(services: readonly Service[], others: Others = {}): Promise<void> {
  const output: Output = {
    print: (line) => void process.stdout.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
  }
  const args = process.argv.slice(2)
  if (args[0] === '--version') output.print(manifest.version)
  else
    process.exitCode = await runCommandLine(
      'fuchsbau',
      commands(services, others, output),
      args,
      output,
    )
}

function commands(services: readonly Service[], others: Others, output: Output): Branch {
  const otherOptions: OtherOptions = {
    ...output,
    version: manifest.version,
    clock: systemClock(),
    input: process.stdin,
    output: process.stdout,
  }
  const entries = services.map((service): [string, Command] => [
    service.name,
    {
      summary: service.summary,
      help: '',
      commands: {
        serve: {
          summary: `Serve ${service.name} alone, as a container does.`,
          usage: '',
          help: `Example:\n  FUCHSBAU_DATA=/data fuchsbau ${service.name} serve`,
          run: () => serve([service], output),
        },
        ...Object.fromEntries(
          Object.entries(service.verbs).map(([name, verb]) => [name, leaf(service, verb, output)]),
        ),
      },
    },
  ])
  return {
    summary: manifest.description,
    help: upHelp,
    commands: {
      up: {
        summary: 'Start every service in one process.',
        usage: '',
        help: 'Example:\n  FUCHSBAU_DATA=~/fuchsbau fuchsbau up',
        run: () => serve(services, output),
      },
      ...Object.fromEntries(entries),
      config: configCommands(services, output),
      ...Object.fromEntries(
        Object.entries(others).map(([name, command]) => [name, command(otherOptions)]),
      ),
    },
  }
}

const upHelp = `Settings come from the environment (FUCHSBAU_DATA, FUCHSBAU_FEDIVERSE_URL, …) and from a YAML file whose
path is in FUCHSBAU_CONFIG. See them all with: fuchsbau config print`

function configCommands(services: readonly Service[], output: Output): Branch {
  return {
    summary: 'Check or show the configuration.',
    help: '',
    commands: {
      check: {
        summary: 'Tell every error of the configuration at once.',
        usage: '',
        help: 'The exit code is 0 when there is none, and 78 otherwise.\n\nExample:\n  FUCHSBAU_CONFIG=/etc/fuchsbau.yaml fuchsbau config check',
        run: async () =>
          withConfig(services, output, async () => {
            output.print('The configuration is valid.')
            return exitCode.ok
          }),
      },
      print: {
        summary:
          'Show the effective configuration as YAML, with the origin of each value; secrets masked.',
        usage: '',
        help: 'Example:\n  fuchsbau config print > fuchsbau.yaml',
        run: async () =>
          withConfig(services, output, async (result) => {
            const { printConfig } = await import('@fuchsbau/shared/config-print.ts')
            output.print(printConfig(tableOf(services), result).trimEnd())
            return exitCode.ok
          }),
      },
    },
  }
}

function tableOf(services: readonly Service[]): Table {
  return { ...sharedSettings, ...Object.fromEntries(services.map((s) => [s.name, s.settings])) }
}

/** Goes on with the configuration of these services, or shows what is wrong with it. */
async function withConfig(
  services: readonly Service[],
  output: Output,
  use: (result: Valid) => Promise<number>,
): Promise<number> {
  const names = services.map((service) => service.name)
  const result = readConfig(tableOf(services), {
    env: process.env,
    file: process.env['FUCHSBAU_CONFIG'] || undefined,
    others: serviceNames.filter((name) => !names.includes(name)),
  })
  if (result.ok) return await use(result)
  for (const error of result.errors) output.warn(error)
  return exitCode.config
}

function leaf(service: Service, verb: Verb, output: Output): Leaf {
  const { summary, usage, help } = verb
  return {
    summary,
    usage,
    help,
    run: (args) =>
      withConfig([service], output, async (result) => {
        const { createLog } = await import('@fuchsbau/shared/log.ts')
        const config = serviceConfig(service.name, result.config)
        const log = createLog({ level: config.logLevel, toStderr: true })
        return verb.run({
          args,
          config,
          log,
          clock: systemClock(),
          env: process.env,
          input: process.stdin,
          ...output,
        })
      }),
  }
}

/** Never resolves once the services run: the process ends by its lifecycle. */
function serve(services: readonly Service[], output: Output): Promise<number> {
  return withConfig(services, output, async (result) => {
    const { createLog } = await import('@fuchsbau/shared/log.ts')
    const { runServices } = await import('@fuchsbau/shared/run.ts')
    const plan = services.map((service) => ({
      service,
      config: serviceConfig(service.name, result.config),
    }))
    const { logLevel } = serviceConfig('', result.config)
    const log = createLog({ level: logLevel, isPretty: process.stdout.isTTY })
    await runServices(plan, { log, clock: systemClock(), host: process, print: output.print })
    return await new Promise<number>(() => undefined)
  })
}
