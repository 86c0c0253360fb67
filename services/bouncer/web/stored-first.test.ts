import { answerWhenStored } from '@fuchsbau/shared/answer-when-stored.ts'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { addNetwork, testStore } from '../store/store.fixture.ts'

test('what a request changed is committed when its answer arrives', async () => {
  const { store } = testStore()
  const app = fastify()
  answerWhenStored(app, store)
  app.post('/', (_request, reply) => {
    addNetwork(store)
    return reply.redirect('/done', 303)
  })
  const before = store.sizes().commits
  app.addHook('onResponse', async () => expect(store.sizes().commits).toBe(before + 1))
  expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(303)
  expect(store.sizes().commits).toBe(before + 1)
})

test('what cannot be stored is answered 503, without the promise of its answer', async () => {
  const app = fastify()
  const listeners = new Set<(reason: string) => void>()
  answerWhenStored(app, {
    commitTurn: () => {
      for (const listener of listeners) listener('the disk is full')
    },
    onFailed: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  app.post('/', (_request, reply) => reply.header('set-cookie', 's=1').redirect('/done', 303))
  const answer = await app.inject({ method: 'POST', url: '/' })
  expect(answer.statusCode).toBe(503)
  expect(answer.headers).not.toHaveProperty('location')
  expect(answer.headers).not.toHaveProperty('set-cookie')
  expect(answer.body).toContain('the disk is full')
  expect(listeners.size).toBe(0)
})
