/** The hosts of a step in groups by status and tag. A click shows only the hosts of a group. */
import { useState } from "preact/hooks";
import { hostStatus } from "../../../model/status.ts";
import { HOST_PHASES, phaseIndexOf } from "../hosts/host-cells.ts";
import { type HostFilter, isSameGroup } from "../hosts/select-rows.ts";
import type { StepOverviewFragment } from "../operations.generated.ts";
import { formatNumber, hostStatusText, useLanguage, useTexts } from "../texts/language.ts";
import { PhaseIcon } from "./phase-icon.tsx";

interface HostGroupsProps {
  readonly step: StepOverviewFragment;
  readonly filter: HostFilter;
  readonly onFilter: (filter: HostFilter) => void;
}

/** More are shown on demand: tags are free text, so a step can have as many groups as hosts. */
const FIRST_GROUPS = 12;

const COUNTS = {
  FAILED: "failed",
  UNKNOWN: "unknown",
  STOPPED: "stopped",
  RUNNING: "running",
  PENDING: "pending",
  SUCCEEDED: "succeeded",
} as const;

export function HostPhases({ step, filter, onFilter }: HostGroupsProps) {
  const texts = useTexts();
  const language = useLanguage();
  const { hostSummary } = step;
  return (
    <fieldset class="phases">
      <legend class="visually-hidden">{texts.status}</legend>
      {HOST_PHASES.filter((phase) => hostSummary[COUNTS[phase]] > 0).map((phase) => {
        const isPressed = filter.phase === phase;
        return (
          <button
            key={phase}
            type="button"
            class="chip"
            aria-pressed={isPressed}
            onClick={() => onFilter({ ...filter, group: null, phase: isPressed ? null : phase })}
          >
            <PhaseIcon phase={phase} />
            {texts.phases[phase]}
            <span class="count">{formatNumber(hostSummary[COUNTS[phase]], language)}</span>
          </button>
        );
      })}
    </fieldset>
  );
}

export function HostGroups({ step, filter, onFilter }: HostGroupsProps) {
  const texts = useTexts();
  const language = useLanguage();
  const [isWhole, setWhole] = useState(false);
  const groups = step.hostGroups
    // Grouped by status, so each group has one.
    .flatMap(({ statusCode, tag, count }) => (statusCode === null ? [] : { statusCode, tag, count }))
    .sort((a, b) => phaseIndexOf(a.statusCode) - phaseIndexOf(b.statusCode) || b.count - a.count);
  const shown = isWhole ? groups : groups.slice(0, FIRST_GROUPS);
  return (
    <section class="groups" aria-labelledby="groups-title">
      <h3 id="groups-title">
        {texts.groups} <small>{texts.groupsHint}</small>
      </h3>
      <ul>
        {shown.map((group) => {
          const isPressed = isSameGroup(filter.group, group);
          return (
            <li key={`${group.statusCode} ${group.tag}`}>
              <button
                type="button"
                class="group"
                aria-pressed={isPressed}
                onClick={() => onFilter({ ...filter, phase: null, group: isPressed ? null : group })}
              >
                <PhaseIcon phase={hostStatus(group.statusCode).phase} />
                <span class="group-status">{hostStatusText(texts, group.statusCode)}</span>
                {group.tag !== null && <span class="tag">{group.tag}</span>}
                <span class="count">{formatNumber(group.count, language)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {groups.length > shown.length && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          {texts.allGroups(groups.length)}
        </button>
      )}
    </section>
  );
}
