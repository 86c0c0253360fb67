// As what the bouncer speaks with its users.

export const SERVICE_NICK = 'BouncerServ'
export const SERVICE_SOURCE = 'BouncerServ!BouncerServ@fuchsbau'
/** ZNC's, which people type from habit. */
export const STATUS_NICK = '*status'
export const STATUS_SOURCE = '*status!status@fuchsbau'
