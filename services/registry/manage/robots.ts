// Robots: accounts that belong to no person.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { RobotRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { done, type Outcome, refused } from './outcome.ts'

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$/
const MAX_ABOUT = 200
const MAX_ROBOTS = 500

export function makeRobot(
  { store, clock }: { store: Store; clock: Clock },
  { name, about, by }: { name: string; about: string; by: string },
): Outcome<RobotRecord> {
  if (!NAME.test(name)) {
    return refused('A robot is called by 1 to 40 of a–z, 0–9, ".", "_" and "-".')
  }
  // Names are what is typed into docker login: nobody else's.
  if (store.people.named(name)) return refused(`There is a person called ${name}.`)
  if (store.robots.list().length >= MAX_ROBOTS) return refused('There are too many robots.')
  const robot = store.robots.add({
    name,
    about: about.trim().slice(0, MAX_ABOUT),
    isEnabled: true,
    createdAt: clock.now(),
    createdBy: by,
  })
  return robot ? done(robot) : refused(`There is a robot called ${name}.`)
}

/** Disabled, its tokens end at once; enabled, they are good again. */
export function enableRobot(store: Store, name: string, isEnabled: boolean): Outcome {
  const robot = store.robots.named(name)
  if (!robot) return refused(`There is no robot ${name}.`)
  store.robots.put({ ...robot, isEnabled })
  return done(undefined)
}

export function removeRobot(store: Store, name: string): Outcome {
  const robot = store.robots.named(name)
  if (!robot) return refused(`There is no robot ${name}.`)
  store.robots.remove(robot.id)
  return done(undefined)
}
