"""What the demo shop sells: invented merchants and brands, goods in Chinese and English (`goods.csv`), prices in yuan."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import product

from models.products.lines import ImportLine
from models.products.types import AttributeDefinition

MERCHANTS = (
    ("hansa-home", "汉萨家居 Hansa Home", "Shanghai", "Shanghai"),
    ("panda-tea", "熊猫茶舍 Panda Tea House", "Hangzhou", "Zhejiang"),
    ("cloudpeak", "云峰户外 Cloudpeak Outdoor", "Chengdu", "Sichuan"),
    ("pixelworks", "像素数码 Pixelworks", "Shenzhen", "Guangdong"),
    ("silkriver", "锦江服饰 Silk River", "Suzhou", "Jiangsu"),
    ("northstar", "北辰书文 North Star Books", "Beijing", "Beijing"),
)
"""Code, name, city, region."""

BRANDS = (
    ("alster", "Alster"),
    ("lantern", "灯笼 Lantern"),
    ("mountain-mist", "山岚 Mountain Mist"),
    ("stonefox", "Stonefox"),
    ("yuntai", "云台 Yuntai"),
    ("bitwave", "比特波 Bitwave"),
    ("mulberry-lane", "桑陌 Mulberry Lane"),
    ("papercrane", "纸鹤 Paper Crane"),
)

_MATERIAL = AttributeDefinition(code="material", label="材质 Material", kind="text")
_ORIGIN = AttributeDefinition(code="origin", label="产地 Origin", kind="text")
_CAPACITY = AttributeDefinition(code="capacity", label="容量 Capacity", kind="number", unit="ml")
_WARRANTY = AttributeDefinition(code="warranty", label="质保 Warranty", kind="number", unit="months")
_SEASON = AttributeDefinition(
    code="season", label="季节 Season", kind="enum", choices=("spring", "summer", "autumn", "winter", "all year")
)
_LANGUAGE = AttributeDefinition(code="language", label="语言 Language", kind="enum", choices=("zh", "en", "zh/en"))

CATEGORIES: tuple[tuple[str, str, str | None, tuple[AttributeDefinition, ...]], ...] = (
    ("home", "家居 Home", None, (_MATERIAL,)),
    ("tableware", "餐具茶具 Tableware", "home", (_CAPACITY,)),
    ("decor", "装饰 Decor", "home", ()),
    ("furniture", "家具灯具 Furniture and light", "home", ()),
    ("food", "食品茶饮 Food and tea", None, (_ORIGIN,)),
    ("tea", "茶叶 Tea", "food", ()),
    ("pantry", "食材 Pantry", "food", ()),
    ("outdoor", "户外 Outdoor", None, (_MATERIAL, _SEASON)),
    ("camping", "露营 Camping", "outdoor", (_CAPACITY,)),
    ("hiking", "徒步 Hiking", "outdoor", ()),
    ("digital", "数码 Digital", None, (_WARRANTY,)),
    ("audio", "音频 Audio", "digital", ()),
    ("devices", "设备 Devices", "digital", ()),
    ("fashion", "服饰 Fashion", None, (_MATERIAL, _SEASON)),
    ("clothing", "服装 Clothing", "fashion", ()),
    ("accessories", "鞋帽配饰 Shoes and accessories", "fashion", ()),
    ("culture", "书文 Books and play", None, ()),
    ("books", "图书 Books", "culture", (_LANGUAGE,)),
    ("stationery", "文具 Stationery", "culture", (_MATERIAL,)),
    ("toys", "玩具 Toys", "culture", (_MATERIAL,)),
)
"""Code, name, parent, attributes."""


@dataclass(frozen=True)
class Good:
    """A product of the demo shop and how it is drawn."""

    shape: str
    colours: str
    """Main and accent colour."""
    code: str
    title: str
    merchant: str
    category: str
    brand: str
    yuan: int
    weight_g: int
    options: str
    """`Size=S,M,L;Colour=Red,Blue`: every combination is a SKU; each step of the first option costs a tenth more."""
    attributes: str
    description: str

    @property
    def label(self) -> str:
        """The English half of the title, for its picture."""
        return self.title.split(" ", 1)[1]

    def lines(self) -> list[ImportLine]:
        """One line for each SKU."""
        axes = [axis.split("=") for axis in self.options.split(";")] if self.options else []
        names = [name for name, _ in axes]
        steps = {value: step for step, value in enumerate(axes[0][1].split(","))} if axes else {}
        found = []
        for number, values in enumerate(product(*(values.split(",") for _, values in axes)), start=1):
            step = steps[values[0]] if axes else 0
            told = {
                "merchant_code": self.merchant,
                "spu_code": self.code,
                "sku_code": f"{self.code}-{number}",
                "title": self.title,
                "description": self.description,
                "category_code": self.category,
                "brand_code": self.brand,
                "attributes": _typed(self.attributes),
                "options": dict(zip(names, values, strict=True)),
                "barcode": _gtin(self.code, number),
                "weight_g": self.weight_g,
                "price": f"{self.yuan + self.yuan * step // 10}.00",
                "published": True,
            }
            found.append(ImportLine.model_validate(told))
        return found


def read_goods() -> Sequence[Good]:
    """Every product of the demo shop."""
    text = resources.files("cli.demo_data").joinpath("goods.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return [Good(yuan=int(row.pop("yuan")), weight_g=int(row.pop("weight_g")), **row) for row in rows]


def _typed(pairs: str) -> dict[str, str | int]:
    split = (pair.split("=", 1) for pair in filter(None, pairs.split(";")))
    return {name: int(value) if value.isdigit() else value for name, value in split}


def _gtin(code: str, number: int) -> str:
    """A barcode in GS1's range for use inside one shop (prefix 2), with its check digit."""
    body = f"2{sum(ord(letter) * 31**place for place, letter in enumerate(code)) % 10**9:09d}{number:02d}"
    return body + str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10)
