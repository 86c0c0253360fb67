import { expect, test } from 'vitest'
import { makeAnswers } from './answers.ts'
import { Scene } from './context.fixture.ts'

test('a private post that was given to a follower as a document is not kept for the page', async () => {
  const scene = new Scene()
  await scene.user()
  const answers = makeAnswers(scene.context)
  const { id } = await scene.post({ text: 'for followers', audience: 'followers' })
  const tags = [`object ${id}`]
  const document = answers.json(`post ${id}`, () => answers.postOf(id), tags)
  expect(document?.bytes.toString()).toContain('for followers')
  expect(answers.page(`post ${id}`, () => undefined, tags)).toBeUndefined()
  await scene.end()
})
