import { describe, expect, test } from 'vitest'
import { Isupport } from './isupport.ts'
import {
  applyUserModes,
  formatChannelModes,
  parseChannelModes,
  setPrefix,
  splitPrefixes,
} from './modes.ts'

const isupport = new Isupport()
isupport.add(['PREFIX=(ohv)@%+', 'CHANMODES=beI,k,lj,imnpst'])

describe('changes of modes (https://modern.ircdocs.horse/#mode-message)', () => {
  test('take parameters as the network says', () => {
    const changes = parseChannelModes(['+ob-lk+lm-v', 'fox', '*!*@x', 'key', '5', 'owl'], isupport)
    expect(changes).toEqual([
      { isAdded: true, mode: 'o', param: 'fox', kind: 'prefix' },
      { isAdded: true, mode: 'b', param: '*!*@x', kind: 'list' },
      { isAdded: false, mode: 'l', param: undefined, kind: 'setting' },
      { isAdded: false, mode: 'k', param: 'key', kind: 'setting' },
      { isAdded: true, mode: 'l', param: '5', kind: 'setting' },
      { isAdded: true, mode: 'm', param: undefined, kind: 'setting' },
      { isAdded: false, mode: 'v', param: 'owl', kind: 'prefix' },
    ])
  })

  test('without sign are additions; a missing parameter is none', () => {
    expect(parseChannelModes(['bo'], isupport)).toEqual([
      { isAdded: true, mode: 'b', param: undefined, kind: 'list' },
      { isAdded: true, mode: 'o', param: undefined, kind: 'prefix' },
    ])
    expect(parseChannelModes([], isupport)).toEqual([])
  })
})

describe('ranks of a member', () => {
  test.each([
    ['', 'v', true, '+'],
    ['+', 'o', true, '@+'],
    ['@+', 'h', true, '@%+'],
    ['@+', 'o', false, '+'],
    ['@', 'v', false, '@'],
    ['@', 'o', true, '@'],
    ['@', 'm', true, '@'],
  ])('%j, mode %s added: %s, are %j, highest first', (symbols, mode, isAdded, result) => {
    expect(setPrefix(symbols, mode, isAdded, isupport)).toBe(result)
  })

  test.each([
    ['@+fox', '@+', 'fox'],
    ['fox!u@h', '', 'fox!u@h'],
    ['@', '', '@'],
  ])('of the entry %s in NAMES are %j', (entry, prefixes, name) => {
    expect(splitPrefixes(entry, isupport)).toEqual({ prefixes, name })
  })
})

test('the modes of a channel are told with their parameters behind', () => {
  const modes = new Map([
    ['k', 'key'],
    ['n', undefined],
    ['l', '5'],
    ['t', undefined],
  ])
  expect(formatChannelModes(modes)).toEqual(['+ntkl', 'key', '5'])
  expect(formatChannelModes(new Map())).toEqual(['+'])
})

test.each([
  ['', '+ix', 'ix'],
  ['ix', '-i+w', 'xw'],
  ['+i', '+i', 'i'],
  ['i', 'B', 'iB'],
])("a user's modes %j after %s are %j", (current, change, result) => {
  expect(applyUserModes(current, change)).toBe(result)
})
