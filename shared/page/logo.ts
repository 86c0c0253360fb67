// The mark of the site: a fox looks out of her burrow. Served as /logo.svg.

export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<path fill="#6b4630" d="M1 56a31 31 0 0 1 62 0z"/>
<path fill="#24170f" d="M11 56a21 21 0 0 1 42 0z"/>
<path fill="#e06a28" d="M15 21l12 9h10l12-9-1 17q0 10-16 18Q16 48 16 38z"/>
<path fill="#fff3e4" d="M16 39q8 0 12 6l4 11Q16 49 16 39zm32 0q-8 0-12 6l-4 11q16-7 16-17z"/>
<path fill="#24170f" d="M18 26l7 6-6 4zm28 0l-7 6 6 4z"/>
<circle cx="25.500" cy="40" r="2" fill="#24170f"/>
<circle cx="38.500" cy="40" r="2" fill="#24170f"/>
<ellipse cx="32" cy="54" rx="2.800" ry="2.200" fill="#24170f"/>
</svg>
`
