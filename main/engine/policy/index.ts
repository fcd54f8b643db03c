/** From what was found to what is to be done about it, and to whom. Pure. */
export { type Decision, type DecisionContext, decide, isActedOn } from './decision.ts';
export { type ProtectedReason, programName, protectList } from './protect.ts';
export { type ResponseSettings, responseSettings } from './settings.ts';
export { chooseBelow, chooseTree, type ProcessChoice, runsOthers } from './tree.ts';
