// The language of znc.conf, whole and damaged. https://wiki.znc.in/Configuration
import { expect, test } from 'vitest'
import { random } from '../irc/random.fixture.ts'
import { parseZncConfig, setting } from './znc-config.ts'
import { parseZncRegistry } from './znc-registry.ts'

test('settings and nested blocks are read, comments are not', () => {
  const { root, problems } = parseZncConfig(`// a comment
/* another
User = no */
Version = 1.9.1
<User fox>
\tNick = fox
\tLoadModule = perform
\tLoadModule = log -sanitize
\t<Network libera>
\t\tServer = irc.libera.chat +6697 a=b c
\t\t<Chan #den>
\t\t\tKey = secret
\t\t</Chan>
\t\t<chan #empty>
\t\t</Chan>
\t</Network>
</User>
`)
  expect(problems).toEqual([])
  expect(setting(root, 'version')).toBe('1.9.1')
  const [user] = root.blocks.get('user') ?? []
  expect(user?.values.get('loadmodule')).toEqual(['perform', 'log -sanitize'])
  const [network] = user?.blocks.get('network') ?? []
  expect(network?.values.get('server')).toEqual(['irc.libera.chat +6697 a=b c'])
  expect(network?.blocks.get('chan')?.map(({ name }) => name)).toEqual(['#den', '#empty'])
})

test('what is damaged is told with its line, and the rest is read', () => {
  const { root, problems } = parseZncConfig('<User fox>\nNick = fox\nnonsense\n</Network>\n')
  expect(problems).toEqual([
    'line 3 is neither a setting nor a block',
    'line 4 ends <network>, which is not open',
    '<user> is not closed at the end',
  ])
  expect(root.blocks.get('user')?.map((user) => setting(user, 'nick'))).toEqual(['fox'])
})

test('10,000 mutilated configurations are read without an exception, and in little time', () => {
  const { number } = random(7)
  const pieces = [
    '<User a>',
    '</User>',
    '<Network n>',
    '</',
    '>',
    '<',
    '=',
    'Nick = x',
    '/*',
    '*/',
    '\0',
    '\ufffd',
    ' ',
    '\n',
    '#',
  ]
  const deep = '<A b>\n'.repeat(100_000)
  expect(parseZncConfig(deep).problems.length).toBeLessThanOrEqual(21)
  for (let round = 0; round < 10_000; round++) {
    const text = Array.from({ length: number(60) }, () => pieces[number(pieces.length)]).join('')
    const { root, problems } = parseZncConfig(text)
    expect(root.name).toBe('')
    expect(problems.length).toBeLessThanOrEqual(21)
  }
})

test('a registry holds signs as their bytes', () => {
  const text = 'Perform MSG%20%3aQ%0a;\nname %c3;%bc;x%0a;y\n\nodd\n'
  expect([...parseZncRegistry(text)]).toEqual([
    ['Perform', 'MSG%20%3aQ\n'],
    ['name', 'üx\ny'],
    ['odd', ''],
  ])
})
