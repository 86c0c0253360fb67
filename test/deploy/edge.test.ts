// The edge: what Envoy Gateway says of our Gateways, routes and policies, and what the real Envoy does with what it makes
// of them. Every route condition is true; wrong copies show that it would be told.
import { createServer, type Server } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ca, createCa } from '../support/ca.ts'
import { requirePeer } from '../support/peers.ts'
import { bundle, complaints, edgeOf, type Manifest, type Translation, translate, values } from './support/edge.ts'
import { type Backends, type Envoy, startEnvoy } from './support/envoy.ts'

const isHere = requirePeer('egctl') && requirePeer('kubectl') && requirePeer('envoy')

describe.skipIf(!isHere)('the edge', () => {
  let ca: Ca
  let objects: Manifest[]
  let translation: Translation

  beforeAll(async () => {
    ca = await createCa()
    objects = await edgeOf(bundle(), ca)
    translation = await translate(objects)
  })
  afterAll(() => ca?.close())

  test('every Gateway, route and policy is accepted, and all that they name is there', () => {
    expect(complaints(objects, translation)).toEqual([])
  })
})
