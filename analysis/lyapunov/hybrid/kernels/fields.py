"""Columns of the tables that the kernels read, and their counters."""

# rows of the table of operations
KIND, EVERY, BLOCK, N, OFF, NR, NC, NW, POP, LAZY, THR, RELEASE, PRE, EXTERNAL, N_LIFTS, MARK = (
    range(16)
)
LIFT, TARGETS, N_TARGETS, REC, ATOMS, STIFF, M_OFF, M_NR, M_NC, M_NW = range(16, 26)
STIFF_READ, STIFF_TH, OWN, SWITCHES, TABLED = range(26, 31)
N_FIELDS = 31
K_UPDATE, K_MAP, K_SUM, K_THRESHOLD, K_PATHWAY, K_RESET, K_CATCH_UP, K_SWITCH = range(8)
# rows of the table of flows
F_BLOCK, F_OFF, F_NR, F_NC, F_N, F_BASE, F_M, F_HAS = range(8)
# counters
C_MISMATCH, C_TIES, C_JUMPED, C_LIFTED, C_SLOW, C_FIRST, C_FIRST_STEP, C_CUT, C_BAD = range(9)
C_SWITCHES, C_SWITCHES_ROUGH = 9, 10
N_COUNTS = 11
