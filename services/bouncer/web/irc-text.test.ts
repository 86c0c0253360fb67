import { describe, expect, test } from 'vitest'
import { plainText, renderText } from './irc-text.ts'

const link = (address: string) =>
  `<a href="${address}" rel="noopener noreferrer nofollow">${address}</a>`

describe('text of IRC lines as HTML', () => {
  test.each([
    ['<b>&"\'', '&lt;b&gt;&amp;&quot;&#39;'],
    ['\x02bold\x02 not', '<span class="b">bold</span> not'],
    [
      '\x02bold \x1dboth\x0f none',
      '<span class="b">bold </span><span class="b i">both</span> none',
    ],
    [
      '\x1funder\x1estruck\x11mono',
      '<span class="u">under</span><span class="u s">struck</span><span class="u s m">mono</span>',
    ],
    ['\x0304,01red\x03 plain', 'red plain'],
    ['\x0312345', '345'],
    ['\x04ff0000hex', 'hex'],
    ['\x16reversed\x16 bell\x07, nul\0', 'reversed bell, nul'],
    ['\x02<script>\x02', '<span class="b">&lt;script&gt;</span>'],
    ['\x85\x9b31m', '31m'],
  ])('%j becomes %j', (text, expected) => {
    expect(renderText(text).text).toBe(expected)
  })

  test.each([
    ['see https://example.org/a, now', `see ${link('https://example.org/a')}, now`],
    ['(https://example.org/a_(b))', `(${link('https://example.org/a_(b)')})`],
    ['http://example.org/?a=1&b=2.', `${link('http://example.org/?a=1&amp;b=2')}.`],
    ['javascript:alert(1) data:text/html,x', 'javascript:alert(1) data:text/html,x'],
    ['https://', 'https://'],
    ['https://"onmouseover=alert(1)', 'https://&quot;onmouseover=alert(1)'],
    ['xhttps://example.org', 'xhttps://example.org'],
  ])('addresses in %j become links that lead nothing of ours along', (text, expected) => {
    expect(renderText(text).text).toBe(expected)
  })

  test('plain text has no codes', () => {
    expect(plainText('\x02a\x0304,2b\x0f\x04ABCDEFc')).toBe('abc')
  })

  test('takes time in proportion to its length, whatever it holds', () => {
    for (const text of [
      '\x0304'.repeat(20_000),
      'https://a.b/)'.repeat(2_000),
      `https://a/${')'.repeat(8_000)}`,
    ]) {
      const began = performance.now()
      renderText(text)
      expect(performance.now() - began).toBeLessThan(500)
    }
  })
})
