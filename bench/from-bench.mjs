/*
 * Imports a package as this folder sees it: subjects are compiled to another place, but their peers are
 * installed here. Plain JavaScript because it must stay in this folder.
 */
export const load = name => import(name)
