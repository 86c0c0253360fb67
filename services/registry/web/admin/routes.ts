// The pages and forms of administrators, on one screen. For everybody else there are none.
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import { sendError } from '../send.ts'
import type { Handler } from '../visit.ts'
import { downloadAudit, showAudit } from './audit.ts'
import * as people from './people.ts'
import { showPolicy } from './policy.ts'
import * as robots from './robots.ts'
import { revokeAnyToken, showAllTokens } from './tokens.ts'

export const ADMIN_PAGES: Readonly<Record<string, Handler>> = {
  '/admin': ({ web, reply }) => seeOther(reply, web.site.path('admin/people')),
  '/admin/*': (visit) => sendError(visit, 404),
  '/admin/people': people.showPeople,
  '/admin/people/:id': people.showPerson,
  '/admin/people/:id/delete': people.showDelete,
  '/admin/robots': robots.showRobots,
  '/admin/robots/:id': robots.showRobot,
  '/admin/robots/:id/delete': robots.showDelete,
  '/admin/tokens': showAllTokens,
  '/admin/audit': showAudit,
  '/admin/audit/export': downloadAudit,
  '/admin/policy': showPolicy,
}

export const ADMIN_FORMS: Readonly<Record<string, Handler>> = {
  '/admin/people/:id/enable': people.enable,
  '/admin/people/:id/disable': people.disable,
  '/admin/people/:id/sessions': people.endHerSessions,
  '/admin/people/:id/delete': people.remove,
  '/admin/robots': robots.make,
  '/admin/robots/:id/enable': robots.enable,
  '/admin/robots/:id/disable': robots.disable,
  '/admin/robots/:id/tokens': robots.makeToken,
  '/admin/robots/:id/delete': robots.remove,
  '/admin/tokens/:id/revoke': revokeAnyToken,
}
