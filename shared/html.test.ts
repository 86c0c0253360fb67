import { describe, expect, test } from 'vitest'
import { escapeHtml, html, raw } from './html.ts'

describe('the html template', () => {
  test('escapes text in content and in attributes', () => {
    const nasty = `<script>alert("x")</script> & 'y'`
    expect(html`<p title="${nasty}">${nasty}</p>`.text).toBe(
      '<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;">' +
        '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;</p>',
    )
  })

  test('escapes after an exclamation mark, where other templates do not', () => {
    expect(html`<p>Hello!${'<b>'}</p>`.text).toBe('<p>Hello!&lt;b&gt;</p>')
  })

  test('puts templates, lists of them and sanitised HTML in as they are', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
    expect(html`<ul>${items}</ul>${raw('<i>ok</i>')}`.text).toBe(
      '<ul><li>a</li><li>&lt;b&gt;</li></ul><i>ok</i>',
    )
  })

  test('shows numbers, and nothing for null, undefined and booleans', () => {
    expect(html`${0} ${null}${undefined}${false}${true}.`.text).toBe('0 .')
  })

  test('turns into a string where one is wanted', () => {
    expect(escapeHtml('plain')).toBe('plain')
    expect(escapeHtml('a & b')).toBe('a &amp; b')
    expect(`${html`<br>`}`).toBe('<br>')
  })
})
