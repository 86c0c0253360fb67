import { expect, test } from 'vitest'
import { buttonForm, buttonLink, logOutForm } from './button.ts'
import { makePageSite } from './site.ts'

const site = makePageSite('https://den.test/irc', { name: 'fuchsbau', version: '0' }, '')
const place = { web: { site }, csrf: 'token' }

test('a button posts its fields with the token of the session, and says to all what it is about', () => {
  const fields = { name: '"#den"', id: 7 }
  expect(buttonForm(place, 'part', 'Part', { fields, about: '<den>' }).text).toBe(
    '<form method="post" action="/irc/part"><input type="hidden" name="csrf" value="token">' +
      '<input type="hidden" name="name" value="&quot;#den&quot;"><input type="hidden" name="id" value="7">' +
      '<button class="small-button">Part<span class="hidden"> &lt;den&gt;</span></button></form>',
  )
  expect(buttonForm(place, 'x', 'Delete', { className: 'danger' }).text).toContain(
    '<button class="danger">Delete</button>',
  )
})

test('a link may look like one', () => {
  expect(buttonLink('/irc/files', 'Uploads').text).toBe(
    '<a class="small-button" href="/irc/files">Uploads</a>',
  )
  expect(buttonLink('/x', 'Edit', 'libera').text).toContain(
    'Edit<span class="hidden"> libera</span>',
  )
})

test('the log-out is a form with the token of the session', () => {
  expect(logOutForm(place, 'Log out fox').text).toBe(
    '<form method="post" action="/irc/logout"><input type="hidden" name="csrf" value="token"><button class="link">Log out fox</button></form>',
  )
})
