//! The pictures of steps.

import {
  Bell,
  BookUser,
  Braces,
  CircleHelp,
  CircleStop,
  Clock,
  Code,
  Columns3,
  CornerDownRight,
  GitFork,
  Globe,
  Hourglass,
  LayoutTemplate,
  ListChecks,
  type LucideIcon,
  MessageCircleQuestion,
  MessageSquareText,
  Paperclip,
  PenLine,
  Repeat,
  Reply,
  RotateCcw,
  ShieldCheck,
  Split,
  Tag,
  Ticket,
  UserRound,
  Zap,
} from "lucide-react";
import type { Icon } from "../model/cards";

const ICONS: Record<Icon, LucideIcon> = {
  message: MessageSquareText,
  template: LayoutTemplate,
  choices: ListChecks,
  file: Paperclip,
  tag: Tag,
  consent: ShieldCheck,
  field: PenLine,
  human: UserRound,
  crm: Ticket,
  web: Globe,
  notify: Bell,
  action: BookUser,
  if: GitFork,
  switch: Split,
  loop: Repeat,
  parallel: Columns3,
  wait: Hourglass,
  time: Clock,
  ask: MessageCircleQuestion,
  set: Braces,
  script: Code,
  stop: CircleStop,
  again: RotateCcw,
  flow: CornerDownRight,
  answer: Reply,
  unknown: CircleHelp,
};

export function StepIcon({ icon, size = 18 }: { icon: Icon; size?: number }) {
  const Picture = ICONS[icon];
  return <Picture size={size} aria-hidden />;
}

export { Zap as TriggerIcon };
