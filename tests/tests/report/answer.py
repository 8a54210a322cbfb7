"""Answers a list of problems as a department's clerk would, and makes a mess of it on the way.

Columns are turned round and added, titles, blank rows, formulas and merged cells are put in, sheets are
added, and numbers are typed full-width. Prints how many rows were answered.
"""

import sys

from openpyxl import load_workbook

WIDE = {ord(char): ord(char) + 0xFEE0 for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"}
ANSWERS = ["已更正", "已说明(属实)", "处理中", "无法更正", "不属于本部门"]

source, target = sys.argv[1], sys.argv[2]
book = load_workbook(source)
answered = 0
for sheet in book.worksheets:
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    heads = [at for at, row in enumerate(rows) if "反馈编号" in row]
    if not heads:
        continue
    head = heads[0]
    titles = rows[head]
    place = {title: at for at, title in enumerate(titles)}
    # The same rows with the columns turned round and two more among them.
    order = list(reversed(range(len(titles))))
    fresh = book.create_sheet(sheet.title[:20] + " 已填")
    fresh.append(["本部门填报"])
    fresh.merge_cells("A1:F1")
    fresh.append([])
    fresh.append(["序号"] + [titles[at] for at in order] + ["备注"])
    merged_from = None
    for number, row in enumerate(rows[head + 1 :]):
        if not row[place["反馈编号"]]:
            continue
        row[place["答复"]] = ANSWERS[number % len(ANSWERS)]
        row[place["答复说明"]] = f"第{number + 1}行的说明"
        row[place["答复人"]] = "经办人甲"
        row[place["答复日期"]] = "2026-12-01"
        if number % 3 == 1:
            row[place["反馈编号"]] = "　" + row[place["反馈编号"]].translate(WIDE) + " "
        if number % 4 == 2:
            fresh.append([])
        at = fresh.max_row + 1
        fresh.append([f"=ROW()-3"] + [row[column] for column in order] + [f"=LEN(B{at})"])
        answered += 1
    # The answers of the last two rows are one merged cell.
    column = 2 + order.index(place["答复"])
    last = fresh.max_row
    both = [fresh.cell(last - 1, column).value, fresh.cell(last, column).value]
    if all(both) and last - 1 > 4:
        fresh.merge_cells(start_row=last - 1, start_column=column, end_row=last, end_column=column)
    book.remove(sheet)
extra = book.create_sheet("统计", 0)
extra["A1"] = "合计"
extra["B1"] = "=COUNTA(A:A)"
book.create_sheet("空表")
book.save(target)
print(answered)
