import { expect, test } from 'vitest'
import { prefersActivity } from './negotiate.ts'

// https://www.w3.org/TR/activitypub/#retrieving-objects
test.each([
  [undefined, false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
  ['application/activity+json', true],
  ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', true],
  ['application/activity+json, application/ld+json', true],
  ['application/activity+json, text/html;q=0.1', true],
  ['text/html, application/activity+json;q=0.5', false],
  ['application/json', true],
  ['garbage;;;,,,', false],
])('Accept %s asks for ActivityStreams: %s', (accept, expected) => {
  expect(prefersActivity(accept)).toBe(expected)
})
