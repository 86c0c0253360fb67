import { expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

// RFC 8785 §3.2.2 and §3.2.3, its examples.
test('the examples of RFC 8785', () => {
  const literals =
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
    '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
  expect(canonicalJson(JSON.parse(literals))).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  const names = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\u{1f600}': 5,
    '\u0080': 6,
    '\u00f6': 7,
  }
  expect(canonicalJson(names)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
})

test('members are sorted at every depth, elements are not', () => {
  const value = { b: [{ d: 1, c: -0 }, 'x'], a: {}, undefined: undefined }
  expect(canonicalJson(value)).toBe('{"a":{},"b":[{"c":0,"d":1},"x"]}')
  expect(canonicalJson('x')).toBe('"x"')
})
